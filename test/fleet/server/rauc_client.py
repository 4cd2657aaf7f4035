"""rauc-hawkbit's own client against a server; RAUC itself, which would write a root file system, is stood in for.

    python rauc_client.py HOST:PORT NAME TOKEN FOLDER 0|1

Installs what it is offered once, with that result, as soon as FOLDER/go is there. Ends when the result is reported.
"""
import asyncio
import os
import sys
import types

INSTALLER = "de.pengutronix.rauc.Installer"
PROPERTIES = "org.freedesktop.DBus.Properties"
host, name, token, folder, result = sys.argv[1:]


class GError(Exception):
    pass


class Bus:
    """The system bus: whoever listens is told by the proxy below."""

    def signal_subscribe(self, *args):
        return 1

    def signal_unsubscribe(self, subscription):
        pass


class Rauc:
    """The installer's side of D-Bus: progress, perhaps an error, then an end."""

    def get_cached_property_names(self):
        return ["Operation"]

    def Install(self, signature, bundle):
        asyncio.get_running_loop().create_task(self.install())

    async def install(self):
        self.change({"Progress": (0, "Installing", 1)})
        while not os.path.exists(os.path.join(folder, "go")):
            await asyncio.sleep(0.1)
        self.change({"Progress": (100, "Installing done.", 1)})
        if result != "0":
            self.change({"LastError": "slot is broken"})
        client.on_dbus_event(None, None, "/", INSTALLER, "Completed", (int(result),))

    def change(self, properties):
        client.on_dbus_event(None, None, "/", PROPERTIES, "PropertiesChanged", (INSTALLER, properties))


rauc = Rauc()
repository = types.ModuleType("gi.repository")
repository.GLib = types.SimpleNamespace(Error=GError)
repository.Gio = types.SimpleNamespace(
    BusType=types.SimpleNamespace(SYSTEM=1),
    bus_get_sync=lambda kind, cancellable: Bus(),
    DBusProxy=types.SimpleNamespace(new_sync=lambda *args: rauc),
)
sys.modules["gi"] = types.ModuleType("gi")
sys.modules["gi.repository"] = repository

import aiohttp  # noqa: E402
from rauc_hawkbit.rauc_dbus_ddi_client import RaucDBUSDDIClient  # noqa: E402


async def main():
    global client
    done = asyncio.Event()
    async with aiohttp.ClientSession() as session:
        client = RaucDBUSDDIClient(
            session, host, False, "DEFAULT", name, token, {"board": "rauc", "serial": 7},
            os.path.join(folder, "bundle"), lambda _: done.set(),
        )
        polling = asyncio.get_running_loop().create_task(client.poll_base_resource())
        await asyncio.wait([polling, asyncio.ensure_future(done.wait())], return_when=asyncio.FIRST_COMPLETED)
        if polling.done():
            polling.result()
        polling.cancel()


asyncio.run(main())
