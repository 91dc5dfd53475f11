// SPDX-License-Identifier: Apache-2.0
#pragma once

// Stream: non-blocking bytes over one socket, the place where TLS replaces plain TCP.
//
// A stream never waits. It does what it can at once and says which readiness it wants for more; the
// connection above it does the waiting, the deadlines and the closing. OpenSSL has this very shape
// (SSL_read and SSL_write on a non-blocking socket answer WANT_READ or WANT_WRITE, either call with
// either wish), so that a TLS stream with a lazy handshake fits without changing its caller.
//
// The fiber's buffer is only touched inside a call: no bytes are ever lent to the event loop, so a
// killed fiber or a passed deadline leaves nothing behind that could write to a dead stack.

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"

namespace geode::os {

enum class Readiness : std::uint8_t { none, readable, writable };

struct Progress {
    std::size_t bytes = 0;
    /// With no bytes: wait for this, then call again; `none` is the peer's orderly end. With bytes:
    /// a hint that trying again before this readiness is in vain.
    Readiness want = Readiness::none;
};

class Stream {
public:
    virtual ~Stream() = default;
    /// Reads up to `into.size()` (> 0) bytes. Error `closed`: broken, never usable again.
    virtual Result<Progress> read(std::span<char> into) = 0;
    /// Sends a prefix of `bytes` (not empty). Error as read().
    virtual Result<Progress> write(std::string_view bytes) = 0;
};

/// Bytes as they are. Borrows the non-blocking socket, which must outlive its calls.
class PlainStream final : public Stream {
public:
    explicit PlainStream(int fd) : fd_(fd) {}
    Result<Progress> read(std::span<char> into) override;
    Result<Progress> write(std::string_view bytes) override;

private:
    int fd_;
};

}  // namespace geode::os
