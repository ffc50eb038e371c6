"""What every answer tells browsers: nothing here may be framed, sniffed, cached or lent to other sites.

The one place where such headers are named; requests.py puts them on every answer, errors included. A view
that sets one of them itself keeps its own. Encryption is the proxy's in front, and so is
Strict-Transport-Security.
"""

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",  # a page shows what was uploaded, and `seen`
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""Content-Security-Policy (W3C CSP Level 3): our own scripts, styles and calls alone; none of it inline."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # for what does not know frame-ancestors
    "Referrer-Policy": "no-referrer",
    # CORS_ORIGINS still may call: this header binds only requests without CORS (Fetch, section 3.7).
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
