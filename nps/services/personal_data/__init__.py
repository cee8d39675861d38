"""Destroying personal data in place, with an act (R20): the rows stay as counts, the reports stay as they were.

Two halves. The transaction overwrites everything that says who a client is and writes the act with the list of files;
`finish` deletes the files and gives the database's free pages back. A process that dies between them loses nothing: the
sweeper comes back to an act that is not finished.
"""

from nps.services.personal_data.erasing import Order, clients_of_person, erase_campaign, erase_person
from nps.services.personal_data.files import Folders, connect
from nps.services.personal_data.finishing import JOB, finish, unfinished
from nps.services.personal_data.keeping import set_terms
from nps.services.personal_data.taking import download_act

__all__ = [
    "JOB",
    "Folders",
    "Order",
    "clients_of_person",
    "connect",
    "download_act",
    "erase_campaign",
    "erase_person",
    "finish",
    "set_terms",
    "unfinished",
]
