"""Writes what a release is made of: a bill of materials (CycloneDX), and everybody's notices.

What was linked is read from the build: the modules that were compiled, and the package that each
comes from, with its version and revision from Package.resolved.
"""

import argparse
import datetime
import json
import os
import pathlib
import uuid

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

APACHE, RUNTIME = "Apache-2.0", "Apache-2.0 WITH Swift-exception"

SYSTEM = {
    "libpng": ("1.6", "libpng-2.0", "linked at run time"),
    "glibc": (None, "LGPL-2.1-or-later", "linked at run time"),
    "libstdc++": (None, "GPL-3.0-or-later WITH GCC-exception-3.1", "inside the programs"),
}

MODELS = {
    "emoji-zh": "OFL-1.1 AND Unicode-3.0",
    "emoji-zh-128": "OFL-1.1 AND Unicode-3.0",
    "emoji-zh-128-lcm": "OFL-1.1 AND Unicode-3.0",
    "realesr-animevideov3-x4": "BSD-3-Clause",
    "realesrgan-x4plus-anime": "BSD-3-Clause",
    "tokenizers/clip": "MIT",
    "tokenizers/bert-base-chinese": APACHE,
}


def linked_packages(build, checkouts, resolved):
    """(pin, folder of its sources) of each package that a module was compiled of, by name."""
    built = [path for path in build.glob("*.build") if next(path.rglob("*.o"), None)]
    modules = {path.name.removesuffix(".build") for path in built}
    found = []
    for pin in json.loads(resolved.read_text(encoding="utf-8"))["pins"]:
        name = pathlib.PurePosixPath(pin["location"]).name.removesuffix(".git")
        sources = checkouts / name / "Sources"
        if any((sources / module).is_dir() for module in modules):
            found.append((pin, checkouts / name))
    for _, folder in found:
        licences = [path.read_text(encoding="utf-8") for path in folder.glob("LICENSE*")]
        if not any("Apache License" in text for text in licences):
            raise SystemExit(f"sbom: the licence of {folder} is not Apache's: say which it is")
    if not found:
        raise SystemExit(f"sbom: no package of {resolved} was built in {build}")
    return found


def component(name, version, licence, kind=ComponentType.LIBRARY, **more):
    licences = [LicenseFactory().make_from_string(licence)]
    return Component(
        name=name, version=version, type=kind, licenses=licences, bom_ref=name, **more
    )


def package_component(pin):
    location, state = pin["location"].removesuffix(".git"), pin["state"]
    host, owner, name = location.removeprefix("https://").split("/")
    version = state.get("version", state["revision"])
    source = ExternalReference(type=ExternalReferenceType.VCS, url=XsUri(location))
    purl = PackageURL("swift", f"{host}/{owner}", name, version)
    return component(name, version, APACHE, purl=purl, external_references=[source])


def bill(options, packages):
    product = component("inkstone", options.version, APACHE, ComponentType.APPLICATION)
    parts = [package_component(pin) for pin, _ in packages]
    parts.append(component("swift", options.swift, RUNTIME, description="inside the programs"))
    for name, (version, licence, how) in SYSTEM.items():
        parts.append(component(name, version, licence, description=how))
    for name, licence in MODELS.items():
        kind = ComponentType.MACHINE_LEARNING_MODEL
        parts.append(component(name, options.version, licence, kind))
    made = Bom(components=parts)
    made.metadata.component = product
    made.metadata.timestamp = datetime.datetime.fromtimestamp(
        int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc
    )
    versions = " ".join(f"{part.name} {part.version}" for part in parts)
    made.serial_number = uuid.uuid5(uuid.NAMESPACE_URL, f"inkstone {options.version} {versions}")
    made.register_dependency(product, parts)
    return made


def notices(packages):
    """Licence and notice of each package, one after the other."""
    texts = []
    for _, folder in packages:
        for path in sorted(folder.glob("LICENSE*")) + sorted(folder.glob("NOTICE*")):
            title = f"{folder.name}: {path.name}"
            text = path.read_text(encoding="utf-8").strip()
            texts.append(f"{title}\n{'=' * len(title)}\n\n{text}\n")
    return "\n\n".join(texts)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, type=pathlib.Path, help="of .build folders")
    parser.add_argument("--checkouts", required=True, type=pathlib.Path)
    parser.add_argument("--resolved", required=True, type=pathlib.Path, help="Package.resolved")
    parser.add_argument("--version", required=True)
    parser.add_argument("--swift", required=True, help="version of the Swift that built it")
    parser.add_argument("--sbom", type=pathlib.Path, help="file to write")
    parser.add_argument("--notices", type=pathlib.Path, help="file to write")
    options = parser.parse_args()
    packages = linked_packages(options.build, options.checkouts, options.resolved)
    if options.notices:
        options.notices.write_text(notices(packages), encoding="utf-8")
    if options.sbom:
        text = JsonV1Dot6(bill(options, packages)).output_as_string(indent=2)
        errors = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
        if errors:
            raise SystemExit(f"sbom: not a valid bill of materials: {errors}")
        options.sbom.write_text(text + "\n", encoding="utf-8")
    print(f"{len(packages)} packages: {', '.join(folder.name for _, folder in packages)}")


if __name__ == "__main__":
    main()
