// SPDX-License-Identifier: Apache-2.0
#pragma once

// OsNetwork: TCP over IPv4 and IPv6.
//
// Names are resolved without blocking the loop (numeric addresses need no resolver); connect()
// tries every address of a name in the resolver's order until one answers. TCP_NODELAY everywhere:
// our frames are whole messages. Listeners set SO_REUSEADDR, so that a restarted node gets its port
// back from TIME_WAIT at once, while a port that somebody listens on stays `address_in_use`.
//
// Beyond network.h's errors, connect() and listen() return `unavailable` when the process has no
// descriptors or buffers left, and `closed` after stop(). accept() waits such shortages out.

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <vector>

#include "runtime/network.h"
#include "runtime/os/event_loop.h"
#include "runtime/os/os_clock.h"
#include "runtime/os/tcp.h"

namespace geode::os {

class OsNetwork final : public Network {
public:
    static constexpr int accept_backlog = 4096;  ///< the kernel caps it at net.core.somaxconn

    OsNetwork(EventLoop& loop, OsClock& clock);
    ~OsNetwork() override;
    OsNetwork(const OsNetwork&) = delete;
    OsNetwork& operator=(const OsNetwork&) = delete;

    Result<std::unique_ptr<Connection>> connect(const Address& to, MonoTime deadline) override;
    /// Suspends if `at.host` is a name; blocks for it outside a fiber.
    Result<std::unique_ptr<Listener>> listen(const Address& at) override;

    /// Closes every listener and connection made here; later calls return `closed`. Idempotent.
    void stop();
    /// Sockets open now.
    std::size_t open_sockets() const { return registry_->size(); }

private:
    using Endpoint = boost::asio::ip::tcp::endpoint;

    Result<std::unique_ptr<Connection>> connect_to(const Endpoint& endpoint, const Address& peer,
                                                   MonoTime deadline);
    Result<std::vector<Endpoint>> resolve(const Address& address, MonoTime deadline);
    Result<std::vector<Endpoint>> resolve_name(const Address& address, MonoTime deadline);

    EventLoop& loop_;
    OsClock& clock_;
    std::shared_ptr<SocketRegistry> registry_;  ///< shared with connections that outlive this
};

}  // namespace geode::os
