// SPDX-License-Identifier: Apache-2.0
#include "runtime/os/tcp.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/assert.h"
#include "base/probe.h"

namespace geode::os {
namespace {

/// Names no peer: whoever reports this after a wait may have lost the object that knows it.
Error closed_error() {
    return make_error(ErrorCode::closed, "connection");
}

}  // namespace

// ---- SocketRegistry, OwnedSocket ----

void SocketRegistry::stop() {
    stopped_ = true;
    for (const auto& [id, socket] : sockets_) socket->close();
    sockets_.clear();
}

OwnedSocket::OwnedSocket(std::shared_ptr<SocketRegistry> registry, std::uint64_t id,
                         std::shared_ptr<Socket> socket)
    : registry_(std::move(registry)), id_(id), socket_(std::move(socket)) {}

Result<OwnedSocket> OwnedSocket::open(std::shared_ptr<SocketRegistry> registry, UniqueFd fd) {
    if (registry->stopped_) return make_error(ErrorCode::closed, "the network is stopped");
    GEODE_TRY(std::shared_ptr<Socket> socket,
              Socket::adopt(registry->loop_, registry->clock_, std::move(fd)));
    const std::uint64_t id = registry->next_id_++;
    registry->sockets_.emplace(id, socket);
    return OwnedSocket(std::move(registry), id, std::move(socket));
}

void OwnedSocket::close() {
    if (socket_ == nullptr) return;  // moved from
    socket_->close();
    registry_->sockets_.erase(id_);
}

// ---- TcpConnection ----

Result<std::size_t> TcpConnection::read_some(std::span<char> into, MonoTime deadline) {
    GEODE_ASSERT(!into.empty());
    if (socket_->take_turn(Socket::Role::reader) == Socket::WaitEnd::closed) return closed_error();
    bool expired = false;
    for (;;) {
        if (read_wants_ == Readiness::none) {
            GEODE_TRY(const Progress progress, try_read(into));
            read_wants_ = progress.want;
            if (progress.bytes > 0 || progress.want == Readiness::none) return progress.bytes;
        }
        if (expired) return make_error(ErrorCode::timed_out, "read from " + peer_.to_string());
        // Taken before the wait, so that the next call tries the stream whatever happens now.
        const Readiness want = std::exchange(read_wants_, Readiness::none);
        const Socket::WaitEnd end = socket_->wait(Socket::Role::reader, want, deadline);
        if (end == Socket::WaitEnd::closed) return closed_error();
        expired = end == Socket::WaitEnd::timed_out;  // and one last try
    }
}

Result<Progress> TcpConnection::try_read(std::span<char> into) {
    if (socket_->closed() || read_broken_) return closed_error();
    const Result<Progress> progress = stream_->read(into);
    read_broken_ = !progress;
    if (!progress) return progress;
    GEODE_ASSERT(progress->bytes <= into.size());
    // The kernel reports a reset once, and an orderly end after that; here the writer was told.
    const bool at_end = progress->bytes == 0 && progress->want == Readiness::none;
    if (at_end && write_broken_) return closed_error();
    return progress;
}

Result<void> TcpConnection::write_all(std::string_view bytes, MonoTime deadline) {
    if (socket_->take_turn(Socket::Role::writer) == Socket::WaitEnd::closed) return closed_error();
    std::size_t sent = 0;
    bool expired = false;
    for (;;) {
        if (socket_->closed() || write_broken_) return closed_error();
        if (sent == bytes.size()) return {};
        const Result<Progress> progress = stream_->write(bytes.substr(sent));
        write_broken_ = !progress;
        if (!progress) return progress.error();
        sent += progress->bytes;
        GEODE_ASSERT(sent <= bytes.size());
        if (progress->want == Readiness::none || sent == bytes.size()) continue;
        if (progress->bytes == 0 && expired) {
            return make_error(ErrorCode::timed_out, "write to " + peer_.to_string());
        }
        const Socket::WaitEnd end = socket_->wait(Socket::Role::writer, progress->want, deadline);
        if (end == Socket::WaitEnd::closed) return closed_error();
        expired = end == Socket::WaitEnd::timed_out;  // and one last try
    }
}

// ---- TcpListener ----

bool is_shortage(int error) {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

Result<std::unique_ptr<Connection>> TcpListener::accept() {
    for (;;) {
        Socket::WaitEnd end = socket_->take_turn(Socket::Role::reader);
        if (end == Socket::WaitEnd::closed || socket_->closed()) return closed_error();
        Endpoint from;
        auto length = static_cast<socklen_t>(from.capacity());
        UniqueFd fd(::accept4(socket_->fd(), from.data(), &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
        const int error = fd ? 0 : errno;
        if (fd) {
            from.resize(length);
            Result<std::unique_ptr<Connection>> connection = welcome(std::move(fd), from);
            if (connection) return connection;
        } else if (error == EAGAIN) {
            // `never`: a listener waits as long as it lives; close() and a kill both end it.
            end = socket_->wait(Socket::Role::reader, Readiness::readable, never);
        } else if (is_shortage(error)) {
            GEODE_REACHED("os.accept_out_of_descriptors");
            end = socket_->pause(Socket::Role::reader, shortage_delay);
        } else {
            // The peer's own trouble (ECONNABORTED and whatever else accept(2) passes on from the
            // network): the next one may be fine. Our own cannot be: the descriptor listens.
            GEODE_ASSERT(error != EBADF);
            GEODE_ASSERT(error != EINVAL);
            GEODE_ASSERT(error != ENOTSOCK);
        }
        if (end == Socket::WaitEnd::closed) return closed_error();
    }
}

Result<std::unique_ptr<Connection>> TcpListener::welcome(UniqueFd fd, const Endpoint& from) {
    const int number = fd.get();
    const int on = 1;
    // It cannot fail on a TCP socket, and the connection would work without.
    static_cast<void>(::setsockopt(number, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
    GEODE_TRY(OwnedSocket socket, OwnedSocket::open(socket_.registry(), std::move(fd)));
    return std::unique_ptr<Connection>(
        std::make_unique<TcpConnection>(std::move(socket), std::make_unique<PlainStream>(number),
                                        Address{from.address().to_string(), from.port()}));
}

}  // namespace geode::os
