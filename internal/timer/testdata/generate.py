"""Writes cron.jsonl: what APScheduler 3.9 makes of cron timers.

Run it with an interpreter that has apscheduler 3.9 and pytz:

    python3 generate.py > cron.jsonl

Each line has the parameters, a moment, and the firings after it (fewer than
asked for when the timer ends or APScheduler goes back in time), or "error" when APScheduler refuses them.
"""
import datetime
import json
import random
import sys

from apscheduler.triggers.cron import CronTrigger

UTC = datetime.timezone.utc
COUNT = 4


def line(params, after, count=COUNT):
    row = {"params": params, "after": after}
    try:
        trigger = CronTrigger(**dict(params, timezone=params.get("timezone", "UTC")))
    except Exception:
        row["error"] = True
        print(json.dumps(row))
        return
    moment = datetime.datetime.fromisoformat(after)
    row["next"] = []
    for _ in range(count):
        try:
            fire = trigger.get_next_fire_time(moment, moment + datetime.timedelta(days=1))
        except OverflowError:  # looked for a day until datetime ended
            fire = None
        if fire is None:
            break
        fire = fire.astimezone(UTC)
        if fire.year > 2037:  # pytz knows no change of clocks beyond
            break
        if fire <= moment:  # a defect: in zones whose summer is standard time it fires the past again, for ever
            row["stuck"] = True
            break
        row["next"].append(fire.strftime("%Y-%m-%dT%H:%M:%SZ"))
        moment = fire
    else:
        print(json.dumps(row))
        return
    if "stuck" not in row:
        row["end"] = fire is None
    print(json.dumps(row))


def forms():
    after = "2026-11-22T14:51:07.250000+00:00"
    for p in [
        {}, {"second": "*/20"}, {"minute": 0}, {"minute": "0"}, {"hour": 3}, {"hour": "*/6"}, {"day": 1},
        {"month": 6}, {"year": 2028}, {"year": "2028-2030"}, {"year": "*/3"}, {"year": "2020"}, {"week": 53},
        {"week": "1,53"}, {"week": "*/10"}, {"day_of_week": 0}, {"day_of_week": 6}, {"day_of_week": "mon-fri"},
        {"day_of_week": "sun"}, {"day_of_week": "MON,Wed,fri"}, {"day_of_week": "0-4"}, {"day_of_week": "*/2"},
        {"day_of_week": "fri", "hour": 17}, {"month": "jan-mar"}, {"month": "dec"}, {"month": "JAN,Jul"},
        {"month": "*/5"}, {"month": "2-11/3"}, {"day": "last"}, {"day": "LAST"}, {"day": "last fri"},
        {"day": "1st mon"}, {"day": "2nd tue"}, {"day": "3rd wed"}, {"day": "4th thu"}, {"day": "5th fri"},
        {"day": "5th sun", "month": 2}, {"day": "last sun", "hour": 2}, {"day": "1st  sat"}, {"day": "31"},
        {"day": "29", "month": 2}, {"day": "30", "month": 2}, {"day": "31", "month": "4,6,9,11"},
        {"day": "30-31", "month": 2}, {"day": "28-31", "month": 2}, {"day": "*/10"}, {"day": "5/10"}, {"day": "1-15/7"},
        {"day": "1,15,last"}, {"day": "last,1st mon,10-12"}, {"hour": "8-18/2", "minute": "*/15"},
        {"hour": "22,23,0,1"}, {"minute": "5/20"}, {"minute": "0-30/10", "second": 30}, {"second": "59"},
        {"hour": "9 , 17", "minute": " 30 "}, {"year": 2027, "month": 2, "day": 29}, {"year": 2028, "day": "last mon"},
        {"week": 1, "day_of_week": 0}, {"week": 53, "day_of_week": "sun"}, {"week": 53, "month": 6},
        {"week": 1, "month": 7}, {"week": 52, "month": 1}, {"week": 53, "month": 1, "day": 1}, {"week": 1, "month": 12},
        {"year": "2026", "month": "11", "day": "22", "hour": "14", "minute": "51", "second": "7"},
        {"year": "2026", "month": "11", "day": "22", "hour": "14", "minute": "51", "second": "8"},
        {"day": 13, "day_of_week": "fri"}, {"month": 2, "day": 29, "day_of_week": "thu"}, {"hour": 0, "second": "*/30"},
        {"week": "1-3", "hour": 12}, {"week": "52-53", "day_of_week": "fri,sat"}, {"month": 12, "day": 31, "week": 1},
        {"minute": "*/7", "hour": "*/5"}, {"second": "1-59/29"}, {"year": 9999}, {"year": 1970},
        {"year": None, "hour": 5}, {"hour": 7, "minute": None}, {"minute": "1,1,1"}, {"month": "3-3"}, {"day": "07"},
        # refused
        {"minute": "60"}, {"minute": 60}, {"minute": -1}, {"hour": 24}, {"day": 0}, {"day": 32}, {"month": 0},
        {"month": 13}, {"week": 0}, {"week": 54}, {"day_of_week": 7}, {"day_of_week": "monday"}, {"month": "january"},
        {"month": "nov-feb"}, {"day_of_week": "sat-mon"}, {"day": "6th mon"}, {"day": "2nd foo"}, {"day": "1st 0"},
        {"minute": "*/0"}, {"minute": "*/60"}, {"minute": "*/59"}, {"month": "*/12"}, {"month": "*/11"}, {"hour": "10-5"},
        {"hour": "5-10/6"}, {"hour": "5-10/5"}, {"hour": "5-5/1"}, {"hour": "x"}, {"hour": ""}, {"hour": "1,,2"},
        {"hour": "1-"}, {"hour": "-1"}, {"hour": "*/"}, {"hour": "1/2/3"}, {"year": 1969}, {"year": 10000},
        {"year": "1970-9999/4000"}, {"hour": "1 - 2"}, {"hour": "* /2"}, {"hour": "last"}, {"day_of_week": "last fri"},
        {"hour": "mon"}, {"day": "mon"}, {"second": "0x10"}, {"second": 60}, {"timezone": "Mars/Olympus", "hour": 1},
        {"hour": True}, {"minute": "99999999999999999999"}, {"minute": 99999999999999999999},
    ]:
        line(p, after)


def calendars():
    for p in [{"day": 29, "month": 2}, {"week": 53}, {"week": 53, "day_of_week": "fri-sun"}, {"day": "last", "month": 2},
              {"day": "last sat", "month": 2}, {"day": "5th sat"}, {"day": "5th thu", "month": 2}, {"week": 1, "day_of_week": 3},
              {"month": 1, "week": "52,53"}, {"day": "29-31", "month": "feb", "hour": 12}]:
        for after in ["1999-12-31T23:59:59+00:00", "2000-02-28T23:59:59.999999+00:00", "2004-12-25T00:00:00+00:00",
                      "2015-12-27T12:00:00+00:00", "2024-02-29T00:00:00+00:00"]:
            line(p, after)


def changes():
    """The hours around a change of clocks."""
    zones = {
        "America/New_York": ["2026-03-08T06:30:00", "2026-11-01T04:45:00"],
        "Europe/Berlin": ["2026-03-29T00:20:00", "2026-10-24T23:10:00"],
        "Europe/Dublin": ["2026-03-29T00:20:00", "2026-10-24T23:40:00"],
        "Australia/Lord_Howe": ["2026-10-03T14:50:00", "2026-04-04T14:10:00"],
        "America/Sao_Paulo": ["2018-11-04T02:30:00", "2018-02-18T00:30:00"],
        "Africa/Casablanca": ["2026-02-15T01:10:00", "2026-03-22T01:10:00"],
        "Europe/Moscow": ["2014-10-25T21:10:00", "2011-03-26T22:30:00"],
        "Pacific/Apia": ["2011-12-29T23:00:00"],
        "Asia/Kathmandu": ["2026-01-01T00:00:00"],
        "America/St_Johns": ["2011-03-13T02:50:00", "2026-11-01T03:10:00"],
        "Atlantic/Azores": ["2026-03-29T00:30:00"],
    }
    shapes = [{"minute": "*/30"}, {"minute": 30}, {"hour": "*"}, {"hour": "*/2", "minute": 15}, {"hour": 2, "minute": 30},
              {"hour": 1, "minute": 30}, {"hour": "1-3", "minute": "*/20"}, {"hour": 0}, {"day": "*"}, {"second": "*/45", "minute": 59}]
    for zone, moments in zones.items():
        for moment in moments:
            for shape in shapes:
                line(dict(shape, timezone=zone), moment + "+00:00", 6)


def chance():
    pick = random.Random(7)
    values = {
        "year": ["*", "2026-2030", "*/2", "2027", 2028],
        "month": ["*", "*/3", "feb", "jun-aug", "1,12", 2],
        "day": ["*", "last", "2nd tue", "last fri", "*/9", "31", "28-30", 1],
        "week": ["*", "1,53", "*/13", "20-30"],
        "day_of_week": ["*", "mon-fri", "sun", "*/3", 2],
        "hour": ["*", "*/5", "2", "1-3", 23],
        "minute": ["*", "*/25", "30", "0-10/5", 59],
        "second": ["*", "*/50", "15", 59],
    }
    for _ in range(150):
        params = {f: pick.choice(v) for f, v in values.items() if pick.random() < 0.35}
        params["timezone"] = pick.choice(["UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Sydney"])
        start = datetime.datetime(2024, 1, 1, tzinfo=UTC) + datetime.timedelta(seconds=pick.randrange(5 * 366 * 86400))
        line(params, start.isoformat())


forms()
calendars()
changes()
chance()
sys.stdout.flush()
