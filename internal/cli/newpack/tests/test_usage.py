from unittest import mock

from st2tests.base import BaseActionTestCase

import usage


class UsageTestCase(BaseActionTestCase):
    action_cls = usage.Usage

    def run_action(self, used, **kwargs):
        with mock.patch("shutil.disk_usage", return_value=(1000, used, 1000 - used)):
            return self.get_action_instance({"limit": 80}).run(path="/", **kwargs)

    def test_there_is_room(self):
        self.assertEqual(self.run_action(421), (True, {"path": "/", "used": 42, "limit": 80}))

    def test_it_is_too_full(self):
        self.assertEqual(self.run_action(970), (False, {"path": "/", "used": 97, "limit": 80}))

    def test_the_limit_can_be_given(self):
        succeeded, _ = self.run_action(970, limit=98)
        self.assertTrue(succeeded)
