"""Envoy's configuration, made from typed objects.

`render` is for a deployment of its own, `fragment` for an Envoy that already runs, `lint` for a configuration that
someone has touched. One module for each family: settings (what a deployment decides), connection (how listeners speak),
identity_filter, ingress, admin_listener, local_replies, clusters, document. `envoy/` holds committed renderings that
tests compare. betterproto2 takes a second to import, so nothing on the hot path may import this package.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    # envoy-data-plane's generated validators have a form that pydantic deprecates; that is not our callers' concern,
    # and under `-W error` it would end them.
    warnings.simplefilter("ignore", DeprecationWarning)
    from authz.bootstrap.document import bootstrap, fragment, render, render_secret
    from authz.bootstrap.lint import lint
    from authz.bootstrap.settings import BootstrapSettings, Upstream

__all__ = ["BootstrapSettings", "Upstream", "bootstrap", "fragment", "lint", "render", "render_secret"]
