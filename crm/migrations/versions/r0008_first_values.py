"""The internal source, the counters, the currencies of ISO 4217 and the purposes that consent speaks of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

CURRENCIES = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW
CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL
HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA
MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD
RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD
USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XDR XOF XPF XSU XUA XXX YER ZAR ZMW ZWG
"""
PURPOSES = (
    ("marketing", "Advertising and offers", True),
    ("profiling", "Scores and segments about a person", True),
    ("research", "Surveys and studies", True),
    ("service", "Messages that a contract needs", False),
)


def upgrade() -> None:
    """Put in the first rows."""
    _put("sources", [{"id": 1, "name": "rapport", "kind": "internal", "zone": "UTC", "lag": 0, "ordered": False}])
    _put("currencies", [{"code": code} for code in CURRENCIES.split()])
    named = enumerate(PURPOSES, start=1)
    _put(
        "purposes", [{"id": i, "code": code, "name": name, "needs_consent": needs} for i, (code, name, needs) in named]
    )
    last = {"arrival": 0, "sources": 1, "purposes": len(PURPOSES)}
    _put("counters", [{"name": name, "value": value} for name, value in last.items()])


def _put(table: str, rows: list[dict[str, object]]) -> None:
    op.bulk_insert(sa.table(table, *[sa.column(name) for name in rows[0]]), rows)
