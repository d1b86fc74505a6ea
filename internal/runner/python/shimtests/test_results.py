"""What becomes of what actions return."""

import dataclasses
import datetime
import enum
import json
import unittest
import uuid

from nightshift.result import encode


class Colour(enum.Enum):
    RED = 1


@dataclasses.dataclass
class Point:
    x: int
    when: datetime.date


class Results(unittest.TestCase):
    def test_encode(self):
        circle = []
        circle.append(circle)
        for status, returned, want in (
            (None, None, None),
            (True, (1, 2), [1, 2]),
            (None, {1: "a", None: 2}, {"1": "a", "null": 2}),
            (None, [float("nan"), {"a": (float("-inf"), 1.5)}], [None, {"a": [None, 1.5]}]),
            (None, [Colour.RED, uuid.UUID(int=1)], [1, "00000000-0000-0000-0000-000000000001"]),
            (None, Point(1, datetime.date(2020, 1, 2)), {"x": 1, "when": "2020-01-02"}),
            (None, [Point(float("nan"), datetime.time(1, 2))], [{"x": None, "when": "01:02:00"}]),
            (False, {1}, "{1}"),
            (None, {"a": {1}}, "{'a': {1}}"),
            (True, b"x", "b'x'"),
            (True, circle, "[[...]]"),
        ):
            with self.subTest(repr(returned)):
                self.assertEqual(json.loads(encode(status, returned)), {"status": status, "result": want})


if __name__ == "__main__":
    unittest.main()
