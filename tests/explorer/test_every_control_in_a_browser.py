"""Every control that is seen, moved once in Chromium after random links; hundreds by hand."""

from itertools import islice

import pytest
from browser_crawler import VIEW, crawl, valid

FEW = dict(islice(valid(0), 2))


@pytest.mark.parametrize("seed", FEW)
def test_no_exception_and_no_error_of_the_browser(browser, server, seed):
    """What AppTest cannot see: scripts, keys, figures, and answers that come late."""
    faults, done = crawl(browser.new_page(viewport=VIEW), server, seed, FEW[seed])
    assert faults == []
    assert done > 15, "the form and the page beside it"
