"""Reading commands, against what was recorded of StackStorm."""

import json
import os
import unittest

from st2common.exceptions.content import ParseException
from st2common.models.utils.action_alias_utils import anchored, extract_parameters


class RecordedCases(unittest.TestCase):
    def test_extract_parameters(self):
        path = os.path.join(os.environ.get("CONFORMANCE_DIR", ""), "st2_alias.jsonl")
        if not os.path.isfile(path):
            self.skipTest("the recorded cases are not here")
        n = 0
        with open(path) as lines:
            for line in lines:
                case = json.loads(line)
                if not case["kind"].startswith("extract_parameters"):
                    continue
                n += 1
                with self.subTest(case["test"], args=case["args"]):
                    args = (case["args"]["format_str"], case["args"]["param_stream"])
                    multiple = case["kind"].endswith("multiple")
                    if "error" in case:
                        with self.assertRaises(ParseException) as raised:
                            extract_parameters(*args, match_multiple=multiple)
                        self.assertEqual(str(raised.exception), case["message"])
                    else:
                        self.assertEqual(extract_parameters(*args, match_multiple=multiple), case["result"])
        self.assertGreater(n, 10)


class Anchors(unittest.TestCase):
    def test_anchored(self):
        for text, want in {
            "a": (False, False), "^a": (True, False), "a$": (False, True), r"\^a\$": (False, False), "[^$]": (False, False),
            r"\Aa\Z": (True, True), "(^a|b)$": (True, True), r"(?<=x)y": (False, False), r"[\]^$]": (False, False),
        }.items():
            with self.subTest(text):
                self.assertEqual(anchored(text), want)


if __name__ == "__main__":
    unittest.main()
