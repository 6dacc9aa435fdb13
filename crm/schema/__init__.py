"""The tables of the CRM, one module per part of the business; `Base.metadata` is the whole.

Heads hold current values with every version beside them, facts are append-only, references are small
lists. Every column states its data class; moments are whole microseconds, money whole ten-thousandths.
"""

from crm.schema.access import AuditEntry, Team, Territory, User
from crm.schema.answers import Recommendation, Score, Segment, SegmentMembership
from crm.schema.attributes import AttributeDefinition, AttributeValue, Label, Picklist, PicklistValue
from crm.schema.base import Base, Fact, Head, Reference
from crm.schema.behaviour import Event
from crm.schema.commerce import Order, OrderLine, Product, ProductCategory, Subscription
from crm.schema.consent import Consent, Purpose
from crm.schema.marketing import Campaign, CampaignArm, CampaignEvent, CampaignMember
from crm.schema.parties import Company, Contact, Customer, Party, Person
from crm.schema.sales import (
    CloseReason,
    Lead,
    LeadEvent,
    Opportunity,
    OpportunityStageChange,
    Pipeline,
    PipelineStage,
)
from crm.schema.service import Interaction, Ticket, TicketEvent
from crm.schema.sources import Counter, Currency, FxRate, ImportRun, Source

__all__ = [
    "AttributeDefinition",
    "AttributeValue",
    "AuditEntry",
    "Base",
    "Campaign",
    "CampaignArm",
    "CampaignEvent",
    "CampaignMember",
    "CloseReason",
    "Company",
    "Consent",
    "Contact",
    "Counter",
    "Currency",
    "Customer",
    "Event",
    "Fact",
    "FxRate",
    "Head",
    "ImportRun",
    "Interaction",
    "Label",
    "Lead",
    "LeadEvent",
    "Opportunity",
    "OpportunityStageChange",
    "Order",
    "OrderLine",
    "Party",
    "Person",
    "Picklist",
    "PicklistValue",
    "Pipeline",
    "PipelineStage",
    "Product",
    "ProductCategory",
    "Purpose",
    "Recommendation",
    "Reference",
    "Score",
    "Segment",
    "SegmentMembership",
    "Source",
    "Subscription",
    "Team",
    "Territory",
    "Ticket",
    "TicketEvent",
    "User",
]
