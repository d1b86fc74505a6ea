import shutil

from st2common.runners.base_action import Action


class Usage(Action):
    def run(self, path, limit=None):
        limit = limit or self.config.get("limit", 90)
        total, used, _ = shutil.disk_usage(path)
        percent = round(100 * used / total)
        return percent <= limit, {"path": path, "used": percent, "limit": limit}
