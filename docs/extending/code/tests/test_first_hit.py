from mybank.metrics import first_hit, nobody_has

from recsys.testing import MetricContract


class TestFirstHit(MetricContract):
    def make(self):
        return first_hit


class TestNobodyHas(MetricContract):
    def make(self):
        return nobody_has
