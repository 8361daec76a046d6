from . import test_claim
from . import test_ingest
from . import test_js
from . import test_webhook
