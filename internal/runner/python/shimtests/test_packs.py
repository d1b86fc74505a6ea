"""What packs inherit from, and what their tests do."""

import logging
import os
import tempfile
import textwrap
import unittest

from nightshift import lessons, loader
from st2common.runners.base_action import Action
from st2common.runners.utils import get_action_class_instance
from st2common.util import date, isotime, jinja, shell
from st2reactor.sensor.base import PollingSensor, Sensor
from st2tests.base import BaseActionAliasTestCase, BaseActionTestCase, BaseSensorTestCase


class Remember(Action):
    def __init__(self, config):
        super().__init__(config)

    def run(self, name):
        self.action_service.set_value("last", name)
        return self.config["word"], self.action_service.get_value("last")


class Actions(BaseActionTestCase):
    action_cls = Remember

    def test_run(self):
        action = self.get_action_instance({"word": "hello"})
        self.assertEqual(action.run("ann"), ("hello", "ann"))
        self.assertEqual([pair.name for pair in self.action_service.list_values()], ["tests.Remember:last"])
        self.assertTrue(self.action_service.delete_value("last"))
        self.assertFalse(self.action_service.delete_value("last"))

    def test_a_missing_key_names_the_pack(self):
        with self.assertRaisesRegex(ValueError, 'Config for pack "tests" is missing key "word"'):
            self.get_action_instance().run("x")

    def test_other_type_errors_are_not_hidden(self):
        class Broken(Action):
            def __init__(self, config=None, action_service=None):
                raise TypeError("something else")

            def run(self):
                pass

        with self.assertRaisesRegex(TypeError, "something else"):
            get_action_class_instance(Broken, {}, self.action_service)


class Bell(PollingSensor):
    def setup(self):
        self.rung = 0

    def poll(self):
        self.sensor_service.dispatch(trigger="bells.rung", payload={"n": self.rung}, trace_tag="t")
        self._sensor_service.get_logger("bell").info("rung")

    def cleanup(self):
        pass

    add_trigger = update_trigger = remove_trigger = lambda self, trigger: None


class Sensors(BaseSensorTestCase):
    sensor_cls = Bell

    def test_dispatch(self):
        sensor = self.get_sensor_instance(config={"a": 1}, poll_interval=3)
        self.assertEqual((sensor.config, sensor._config, sensor.get_poll_interval()), ({"a": 1}, {"a": 1}, 3))
        sensor.setup()
        sensor.poll()
        self.assertTriggerDispatched("bells.rung", {"n": 0})
        with self.assertRaises(AssertionError):
            self.assertTriggerDispatched("bells.rung", {"n": 1})
        self.assertEqual(self.get_last_dispatched_trigger()["trace_context"].trace_tag, "t")

    def test_abstract_sensors_cannot_be_made(self):
        with self.assertRaises(TypeError):
            Sensor(None)


class Aliases(BaseActionAliasTestCase):
    action_alias_name = "greet"

    def _get_base_pack_path(self):
        folder = tempfile.mkdtemp()
        os.mkdir(os.path.join(folder, "aliases"))
        with open(os.path.join(folder, "aliases", "greet.yaml"), "w") as file:
            file.write("name: greet\nformats: ['greet {{ who }}', {display: x, representation: ['hi {{ who=all }}']}]\n")
        return folder

    def setUp(self):
        try:
            import yaml  # noqa: F401
        except ImportError:
            self.skipTest("PyYAML is not here")
        super().setUp()

    def test_formats(self):
        formats = self.action_alias_db.get_format_strings()
        self.assertEqual(formats, ["greet {{ who }}", "hi {{ who=all }}"])
        self.assertCommandMatchesExactlyOneFormatString(formats, "greet ann")
        self.assertExtractedParametersMatch("hi {{ who=all }}", "hi", {"who": "all"})
        with self.assertRaises(AssertionError):
            self.assertCommandMatchesExactlyOneFormatString(formats, "bye")


class Loading(unittest.TestCase):
    def load(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "it.py")
            with open(path, "w") as file:
                file.write(textwrap.dedent(text))
            return loader.load(path)

    def test_classes(self):
        module = self.load(
            """
            from unittest import TestCase  # has a run, but is not of this file
            class B: run = staticmethod(lambda: 1)
            class A:
                def run(self): pass
            class C:
                run = 1
            """
        )
        self.assertEqual([cls.__name__ for cls in loader.classes(module, ["run"])], ["A", "B"])

    def test_files_that_are_no_modules(self):
        with self.assertRaises(FileNotFoundError):
            loader.load("/nowhere.py")
        with self.assertRaises(ImportError):
            loader.load("/etc/passwd")

    def test_kept_code_is_that_of_the_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "number.py")

            def write(text, when):
                with open(path, "w") as f:
                    f.write(text)
                os.utime(path, ns=(when, when))

            write("number = 1", 10**18)
            self.assertEqual(loader.load(path).number, 1)
            self.assertIn(path, loader.missed())
            loader.keep(path)
            loader.missed().clear()
            first, second = loader.load(path), loader.load(path)
            self.assertEqual((first.number, first.__file__, first.__name__, loader.missed()), (1, path, "number", []))
            self.assertIsNot(first, second)
            write("number = 23", 2 * 10**18)
            self.assertEqual(loader.load(path).number, 23)
            loader.missed().clear()
            write("number = ", 3 * 10**18)
            with self.assertRaises(SyntaxError):
                loader.keep(path)
            os.mkfifo(path + ".fifo")
            loader.keep(path + ".fifo")  # does not wait for somebody who writes to it
            with self.assertRaises(SyntaxError):
                loader.load(path)
            loader.missed().clear()


class Lessons(unittest.TestCase):
    def test_only_what_is_harmless_is_learned(self):
        read, write = os.pipe()
        lessons.teach(write, ["json", "unittest", "six.moves", "nightshift.loader", "test_packs", "no such module"])
        os.close(write)
        with os.fdopen(read) as said:
            self.assertEqual(sorted(said.read().split()), ["json", "nightshift.loader", "unittest"])
        lessons.learn(b"turtle\ntest_packs\nno_such_module\nxml.sax.saxutils\n")
        import sys

        self.assertIn("xml.sax.saxutils", sys.modules)
        self.assertNotIn("turtle", sys.modules)


class Helpers(unittest.TestCase):
    def test_shell(self):
        self.assertEqual(shell.run_command(["sh", "-c", "echo out; echo err >&2; exit 3"]), (3, "out\n", "err\n"))
        self.assertEqual(shell.quote_unix("it's"), "'it'\"'\"'s'")
        with self.assertRaises(TypeError):
            shell.run_command(5)

    def test_times(self):
        try:
            import dateutil  # noqa: F401
        except ImportError:
            self.skipTest("dateutil is not here")
        moment = isotime.parse("2020-01-02T03:04:05.678901Z")
        self.assertEqual(isotime.format(moment), "2020-01-02T03:04:05.678901+00:00")
        self.assertEqual(isotime.format(moment, usec=False, offset=False), "2020-01-02T03:04:05Z")
        self.assertFalse(isotime.validate("yesterday", raise_exception=False))
        self.assertEqual(date.parse("2020-01-02T03:00:00+02:00").hour, 1)

    def test_jinja(self):
        try:
            import jinja2  # noqa: F401
        except ImportError:
            self.skipTest("Jinja is not here")
        self.assertEqual(
            jinja.render_values({"a": "{{ x }}", "b": ["{{ x }}"], "c": 5}, {"x": 1}), {"a": "1", "b": ["1"], "c": 5}
        )

    def test_audit(self):
        from st2common import log

        logger = log.getLogger("x")
        with self.assertLogs("st2.x", logging.CRITICAL) as seen:
            logger.audit("who did it")
        self.assertEqual(seen.output, ["AUDIT:st2.x:who did it"])


if __name__ == "__main__":
    unittest.main()
