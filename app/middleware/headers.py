"""Security headers, which keep other sites from framing or embedding pages of this service.

Every answer gets them, errors included. If a view sets one of them, the view's value stays. TLS ends at the
proxy in front of the service, so Strict-Transport-Security is set there.
"""

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",  # the page shows uploaded pictures, and `seen`
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""Value of Content-Security-Policy (W3C CSP Level 3): pages load only scripts, styles and data of this
service, and nothing inline."""

SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # for browsers without frame-ancestors
    "Referrer-Policy": "no-referrer",
    # This header binds only requests without CORS (Fetch, section 3.7), so CORS_ORIGINS may still call.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""HTTP headers that are added to every answer, by name."""
