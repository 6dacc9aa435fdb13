"""What a customer is: the values in force of the customer's own record."""

from crm.schema import Customer
from features import FeatureView, customer, states

who = states(Customer, entity=customer)

view = FeatureView(
    entity=customer,
    kind=who.kind.latest().called("kind of customer"),
    level=who.level.latest().called("customer level"),
    country=who.country.latest().called("country"),
    region=who.region.latest().called("region"),
    occupation=who.occupation.latest().called("occupation"),
    birth_year_band=who.birth_year_band.latest().called("birth years"),
    tenure=who.since_on.age().called("days as a customer"),
)
