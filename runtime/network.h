// SPDX-License-Identifier: Apache-2.0
#pragma once

// Network: ordered byte streams between addresses, with deadlines.
//
// Framing is ours, on top (node/wire). A broken connection is an error at both ends, sometime: a
// write may succeed whose bytes never arrive. Bytes are delivered in order or not at all; bit flips
// that TCP's checksum misses do happen, so frames carry their own checksum.
//
// All calls that suspend throw Killed in a killed fiber. A Connection may be read by one fiber and
// written by another at the same time, not by two of a kind; close() may come from any of them and
// ends both waits with `closed`.

#include <compare>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace geode {

struct Address {
    std::string host;  ///< name or numeric address; simulated nodes are "n1", "n2", ...
    std::uint16_t port = 0;

    std::string to_string() const { return host + ":" + std::to_string(port); }
    friend auto operator<=>(const Address&, const Address&) = default;
};

/// Parses "host:port"; "[v6]:port" for IPv6. Error `invalid_argument`.
Result<Address> parse_address(std::string_view text);

class Connection {
public:
    /// Closes.
    virtual ~Connection() = default;

    /// Suspends until at least one byte is there, then reads up to `into.size()` (> 0) bytes.
    /// Returns 0 at the peer's orderly end. Errors: `timed_out` (nothing consumed, the connection
    /// stays usable), `closed` (reset, or close() here).
    virtual Result<std::size_t> read_some(std::span<char> into, MonoTime deadline) = 0;

    /// Suspends until all of `bytes` is accepted for sending, which says nothing of its arrival.
    /// Errors: `timed_out` (part may have been sent: close it), `closed`.
    virtual Result<void> write_all(std::string_view bytes, MonoTime deadline) = 0;

    /// Ends both directions; pending and later calls return `closed`. Never suspends; idempotent.
    virtual void close() = 0;

    virtual const Address& peer() const = 0;
};

class Listener {
public:
    virtual ~Listener() = default;
    /// Suspends until a connection comes. Error: `closed` (by close(), or the node stopped).
    virtual Result<std::unique_ptr<Connection>> accept() = 0;
    /// The address bound to; its port is the real one if 0 was asked for.
    virtual const Address& local() const = 0;
    /// Pending and later accept() return `closed`. Never suspends; idempotent.
    virtual void close() = 0;
};

class Network {
public:
    virtual ~Network() = default;
    /// Suspends until connected. Errors: `refused`, `timed_out`, `invalid_argument` (no such name).
    virtual Result<std::unique_ptr<Connection>> connect(const Address& to, MonoTime deadline) = 0;
    /// Errors: `address_in_use`, `invalid_argument` (not an address of this node).
    virtual Result<std::unique_ptr<Listener>> listen(const Address& at) = 0;
};

}  // namespace geode
