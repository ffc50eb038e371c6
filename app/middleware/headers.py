"""Security headers: no page of this service may be framed, sniffed, cached or embedded by other sites.

The only file that names them; request_context.py adds them to every answer, errors included. A view that sets
one of them keeps its own value. TLS ends at the proxy in front, and so does Strict-Transport-Security.
"""

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",  # the page shows what was uploaded, and `seen`
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""Content-Security-Policy (W3C CSP Level 3): our own scripts, styles and calls alone; none of it inline."""

SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # for browsers without frame-ancestors
    "Referrer-Policy": "no-referrer",
    # CORS_ORIGINS still may call: this header binds only requests without CORS (Fetch, section 3.7).
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
