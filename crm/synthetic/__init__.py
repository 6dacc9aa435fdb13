"""A made-up company's CRM export, drawn from a seed, with signals planted in it that a model must find.

In: a size, a seed, whether the world drifts. Out: files for the importer (source ``synthetic``) and the truth
beside them. What is planted, and how strongly, is stated in `crm.synthetic.signals`.
"""

from crm.synthetic.company import CompanyFiles, write_company
from crm.synthetic.world import SyntheticError

__all__ = ["CompanyFiles", "SyntheticError", "write_company"]
