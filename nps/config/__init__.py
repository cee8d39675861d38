"""Settings of one installation, read from the environment and from `.env` once, at the start.

A wrong value stops the start with one Russian sentence that names the variable: whoever installs the system reads it.
Only the standard library is imported here, so that the supervisor stays small.
"""

from nps.config.environment import NAMES, PRODUCTION, PROJECT_ROOT, ConfigError, read_env_file
from nps.config.outside import Exchange
from nps.config.settings import Settings, local_url, redis_socket

__all__ = [
    "NAMES",
    "PRODUCTION",
    "PROJECT_ROOT",
    "ConfigError",
    "Exchange",
    "Settings",
    "local_url",
    "read_env_file",
    "redis_socket",
]
