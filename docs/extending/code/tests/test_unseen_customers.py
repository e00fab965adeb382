from mybank.unseen_customers import UnseenCustomers

from recsys.testing import SplitContract


class TestUnseenCustomers(SplitContract):
    def make(self):
        return UnseenCustomers(valid_from="2026-02-01", test_from="2026-02-15")
