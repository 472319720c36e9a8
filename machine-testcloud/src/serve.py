"""Runs moto on a free port, which is printed, until standard input ends."""

import os
import shutil
import sys
import tempfile
import threading

# Each account reads the list of images when it is first used.
folder = tempfile.mkdtemp()
os.environ["MOTO_AMIS_PATH"] = os.path.join(folder, "images.json")
with open(os.environ["MOTO_AMIS_PATH"], "w") as images:
    images.write(os.environ["IMAGES"])

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server


class Quiet(WSGIRequestHandler):
    def log(self, *_):
        pass


def leave_with_parent():
    sys.stdin.read()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


server = make_server(
    "127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True,
    request_handler=Quiet,
)
threading.Thread(target=leave_with_parent, daemon=True).start()
print(server.port, flush=True)
server.serve_forever()
