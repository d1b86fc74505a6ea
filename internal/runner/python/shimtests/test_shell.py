"""Commands of shells."""

import json
import os
import unittest
from unittest import mock

from st2common.models.system import action


class RecordedCases(unittest.TestCase):
    def test_full_commands(self):
        path = os.path.join(os.environ.get("CONFORMANCE_DIR", ""), "st2_shell.jsonl")
        if not os.path.isfile(path):
            self.skipTest("the recorded cases are not here")
        n = 0
        with open(path) as lines:
            for line in lines:
                case = json.loads(line)
                kind = getattr(action, case["class"], None)
                if kind is None:
                    continue  # the server does these itself
                n += 1
                with self.subTest(case["test"], n=case["n"]):
                    with mock.patch("getpass.getuser", return_value=case["logged_in_user"]):
                        self.assertEqual(kind(**case["args"]).get_full_command_string(), case["result"])
        self.assertEqual(n, 6)


class Scripts(unittest.TestCase):
    def test_arguments_stay_single_words(self):
        script = action.ShellScriptAction(
            "",
            "",
            "/a b.sh",
            {"--x": "1 2", "--yes": True, "--no": False, "--none": None, "--empty": "", "--n": 0},
            ["$(id)", "c"],
        )
        self.assertEqual(script.get_full_command_string(), "'/a b.sh' --x='1 2' --yes --n=0 '$(id)' c")
        script.sudo = True
        self.assertEqual(
            script.get_full_command_string(),
            "sudo -E -- bash -c ''\"'\"'/a b.sh'\"'\"' --x='\"'\"'1 2'\"'\"' --yes --n=0 '\"'\"'$(id)'\"'\"' c'",
        )


if __name__ == "__main__":
    unittest.main()
