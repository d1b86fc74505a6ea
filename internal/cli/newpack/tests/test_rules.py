import pathlib
import unittest

import yaml

PACK = pathlib.Path(__file__).parent.parent


def load(path):
    return yaml.safe_load((PACK / path).read_text())


class RulesTestCase(unittest.TestCase):
    def test_the_action_takes_what_the_rule_gives(self):
        for path in (PACK / "rules").glob("*.yaml"):
            rule = load(path)
            pack, _, name = rule["action"]["ref"].partition(".")
            self.assertEqual(pack, load("pack.yaml")["ref"])
            declared = load("actions/%s.yaml" % name)["parameters"]
            given = rule["action"].get("parameters", {})
            self.assertLessEqual(set(given), set(declared))
            for name, parameter in declared.items():
                if parameter.get("required") and "default" not in parameter:
                    self.assertIn(name, given)
