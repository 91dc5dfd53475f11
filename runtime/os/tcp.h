// SPDX-License-Identifier: Apache-2.0
#pragma once

// Connections and listeners of OsNetwork, and the registry through which it closes them all.
//
// The objects are owned by node logic and may outlive the World (as closed shells), but not its
// event loop. They may be destroyed while a fiber waits in one: it gets `closed`, and from the wait
// on touches nothing of the object (socket.h, invariant 5).

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <map>
#include <memory>

#include "runtime/network.h"
#include "runtime/os/socket.h"

namespace geode::os {

/// The open sockets of one World, so that it can end them.
class SocketRegistry {
public:
    SocketRegistry(EventLoop& loop, OsClock& clock) : loop_(loop), clock_(clock) {}

    /// Closes every socket; add() fails from now on. Idempotent.
    void stop();
    bool stopped() const { return stopped_; }
    std::size_t size() const { return sockets_.size(); }

private:
    friend class OwnedSocket;
    EventLoop& loop_;
    OsClock& clock_;
    std::map<std::uint64_t, std::shared_ptr<Socket>> sockets_;
    std::uint64_t next_id_ = 1;
    bool stopped_ = false;
};

/// Closes its socket when it goes (socket.h, invariant 4).
class OwnedSocket {
public:
    /// Errors: `closed` if the registry is stopped; as Socket::adopt().
    static Result<OwnedSocket> open(std::shared_ptr<SocketRegistry> registry, UniqueFd fd);
    ~OwnedSocket() { close(); }
    OwnedSocket(OwnedSocket&&) = default;
    OwnedSocket& operator=(OwnedSocket&&) = delete;

    void close();
    Socket* operator->() const { return socket_.get(); }
    const std::shared_ptr<SocketRegistry>& registry() const { return registry_; }

private:
    OwnedSocket(std::shared_ptr<SocketRegistry> registry, std::uint64_t id,
                std::shared_ptr<Socket> socket);

    std::shared_ptr<SocketRegistry> registry_;
    std::uint64_t id_;
    std::shared_ptr<Socket> socket_;
};

class TcpConnection final : public Connection {
public:
    TcpConnection(OwnedSocket socket, std::unique_ptr<Stream> stream, Address peer)
        : socket_(std::move(socket)), stream_(std::move(stream)), peer_(std::move(peer)) {}

    Result<std::size_t> read_some(std::span<char> into, MonoTime deadline) override;
    Result<void> write_all(std::string_view bytes, MonoTime deadline) override;
    void close() override { socket_.close(); }
    const Address& peer() const override { return peer_; }

private:
    Result<Progress> try_read(std::span<char> into);

    OwnedSocket socket_;
    std::unique_ptr<Stream> stream_;
    Address peer_;
    Readiness read_wants_ = Readiness::none;  ///< the stream's hint after the last read
    // Reading goes on after a failed write, because the peer's last words may still be there.
    bool read_broken_ = false;
    bool write_broken_ = false;
};

class TcpListener final : public Listener {
public:
    /// A shortage of descriptors keeps the listener readable: retrying at once would spin.
    static constexpr Duration shortage_delay = milliseconds(50);

    TcpListener(OwnedSocket socket, Address local)
        : socket_(std::move(socket)), local_(std::move(local)) {}

    Result<std::unique_ptr<Connection>> accept() override;
    const Address& local() const override { return local_; }
    void close() override { socket_.close(); }

private:
    using Endpoint = boost::asio::ip::tcp::endpoint;
    Result<std::unique_ptr<Connection>> welcome(UniqueFd fd, const Endpoint& from);

    OwnedSocket socket_;
    Address local_;
};

/// Whether `error` says that descriptors or buffers ran out, here or in the whole system: it
/// passes.
bool is_shortage(int error);

}  // namespace geode::os
