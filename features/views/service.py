"""How a customer is served: tickets, how they went, and other contacts."""

from crm.schema import Interaction, Ticket, TicketEvent
from features import FeatureView, customer, days, events, ratio

tickets = events(Ticket, entity=customer, at="opened_at")
resolved = events(Ticket, entity=customer, at="resolved_at")
steps = events(TicketEvent, entity=customer)
contacts = events(Interaction, entity=customer)
rated = steps.where(steps.type.is_in(["rated", "rating"]))

view = FeatureView(
    entity=customer,
    tickets=tickets.count(days(30, 90, 365)).called("tickets opened"),
    tickets_resolved=resolved.count(days(365)).called("tickets resolved"),
    days_since_last_ticket=tickets.time_since_last().called("days since the last ticket"),
    urges=steps.where(steps.type.is_in(["urged", "urge"]))
    .count(days(365))
    .called("times the customer had to ask again"),
    rating=rated.value.mean(days(365)).called("average rating of our service"),
    last_rating=rated.value.last().called("last rating of our service"),
    contacts=contacts.count(days(90)).called("calls, mails and meetings"),
    sentiment=contacts.sentiment.mean(days(365)).called("average tone of conversations"),
    resolved_share=ratio("tickets_resolved_365d", "tickets_365d").called("tickets resolved per ticket opened"),
)
