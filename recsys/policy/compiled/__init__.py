"""Rules of a policy compiled to plain arrays: numpy only, kept in the artifact, used by serving."""

from recsys.policy.compiled.contact_rules import ContactLimit, OneCampaign, Pause, QuietHours
from recsys.policy.compiled.contacts import Contacts
from recsys.policy.compiled.eligibility import GroupRule, LeaveOut
from recsys.policy.compiled.moment_rules import MomentHold
from recsys.policy.compiled.rules import CompiledRules
from recsys.policy.compiled.zones import Zones

__all__ = [
    "CompiledRules",
    "ContactLimit",
    "Contacts",
    "GroupRule",
    "LeaveOut",
    "MomentHold",
    "OneCampaign",
    "Pause",
    "QuietHours",
    "Zones",
]
