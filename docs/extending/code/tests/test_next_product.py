from mybank.next_product import NextProduct

from recsys.testing import ModelContract


class TestNextProduct(ModelContract):
    def make(self, **change):
        return NextProduct(**change)
