"""What an operator does on the desk: shift, dial, talk by the script, result. One function is one transaction."""

from nps.services.desk.answering import answer, break_in, resume_script, save_draft, step_back
from nps.services.desk.calling import answered, dial, hang_up, ringing
from nps.services.desk.correcting import correct, reopen
from nps.services.desk.inbound import take_inbound
from nps.services.desk.notes import keep_unsuitable, rename, save_note
from nps.services.desk.settling import Result, end_by_script, settle
from nps.services.desk.shifts import (
    end_shift,
    end_shift_of,
    end_shift_of_leaver,
    pause,
    resume,
    show_last_result,
    start_shift,
)
from nps.services.desk.unfinished import carry_on, hand_over, tell_end

__all__ = [
    "Result",
    "answer",
    "answered",
    "break_in",
    "carry_on",
    "correct",
    "dial",
    "end_by_script",
    "end_shift",
    "end_shift_of",
    "end_shift_of_leaver",
    "hand_over",
    "hang_up",
    "keep_unsuitable",
    "pause",
    "rename",
    "reopen",
    "resume",
    "resume_script",
    "ringing",
    "save_draft",
    "save_note",
    "settle",
    "show_last_result",
    "start_shift",
    "step_back",
    "take_inbound",
    "tell_end",
]
