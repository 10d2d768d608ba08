"""``python -m allcad_core.export > docs/analysis.schema.json`` writes the JSON Schema anew."""

import json
import sys

from allcad_core.export import json_schema

sys.stdout.write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
