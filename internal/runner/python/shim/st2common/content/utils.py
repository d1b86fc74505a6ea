"""Where packs are."""

import os
from typing import List, Optional

__all__ = ["get_pack_base_path", "get_packs_base_paths", "get_system_packs_base_path", "get_pack_resource_file_abs_path"]


def get_packs_base_paths() -> List[str]:
    """Returns the folders whose subfolders are packs."""
    return [path for path in os.environ.get("NIGHTSHIFT_PACKS", "").split(os.pathsep) if path]


def get_system_packs_base_path() -> str:
    """Returns the folder of the packs that come with the server."""
    return (get_packs_base_paths() or [""])[0]


def get_pack_base_path(pack_name: str, include_trailing_slash: bool = False) -> Optional[str]:
    """Returns the folder of a pack, which need not exist."""
    if not pack_name:
        return None
    paths = [os.path.join(base, pack_name) for base in get_packs_base_paths()]
    found = next((path for path in paths if os.path.isdir(path)), paths[0] if paths else pack_name)
    return os.path.join(found, "") if include_trailing_slash else found


def get_pack_resource_file_abs_path(pack_ref: str, resource_type: str, file_path: str) -> str:
    """Returns where a file of a pack is, which must lie in the pack."""
    base = os.path.realpath(os.path.join(get_pack_base_path(pack_ref) or "", resource_type + "s"))
    path = os.path.realpath(os.path.join(base, file_path))
    if os.path.commonpath([base, path]) != base:
        raise ValueError('the file "%s" is not in the folder %s' % (file_path, base))
    return path
