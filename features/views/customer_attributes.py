"""What a customer is: every custom attribute that a source has declared."""

from crm.schema import AttributeValue
from features import FeatureView, attributes, customer

view = FeatureView(entity=customer, dynamic=attributes(AttributeValue, entity=customer))
