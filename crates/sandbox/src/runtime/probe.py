"""Tells where a Python interpreter lives and what it brings, and compiles the bootstrap for it.

Started as: python probe.py <bootstrap.py> <folder for the compiled one>. Answers one line of JSON.
"""

import importlib.util
import json
import os
import py_compile
import site
import sys
import sysconfig

# What Lambda's own Python runtimes bring beside the standard library.
SDK = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six")


def place(name):
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        return None
    return os.path.dirname(spec.origin) if spec.submodule_search_locations else spec.origin


source, folder = sys.argv[1:3]
compiled = os.path.join(folder, "bootstrap-%s.pyc" % sys.implementation.cache_tag)
# The name is what stack traces show.
temporary = "%s.%d" % (compiled, os.getpid())
py_compile.compile(source, cfile=temporary, dfile="/var/runtime/bootstrap.py", doraise=True)
os.replace(temporary, compiled)
libraries = set(site.getsitepackages()) | {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
found = {
    "executable": os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable),
    "version": list(sys.version_info[:3]),
    "prefixes": sorted({os.path.realpath(p) for p in (sys.base_prefix, sys.base_exec_prefix)}),
    "libraries": sorted(p for p in libraries if os.path.isdir(p)),
    "sdk": {name: place(name) for name in SDK if place(name)},
    "bootstrap": compiled,
}
print(json.dumps(found))
