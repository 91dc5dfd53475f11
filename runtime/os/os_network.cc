// SPDX-License-Identifier: Apache-2.0
#include "runtime/os/os_network.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <cstring>
#include <map>

#include "base/assert.h"
#include "base/probe.h"

namespace geode::os {

/// The open sockets of one World, so that stop() reaches them all.
struct OsNetwork::Registry {
    std::map<std::uint64_t, std::shared_ptr<Socket>> sockets;
    std::uint64_t next = 1;
    bool stopped = false;
};

/// Closes its socket when it goes (socket.h, invariant 4).
class OsNetwork::OwnedSocket {
public:
    OwnedSocket(std::shared_ptr<Registry> registry, std::uint64_t id,
                std::shared_ptr<Socket> socket)
        : registry_(std::move(registry)), id_(id), socket_(std::move(socket)) {}
    ~OwnedSocket() { close(); }
    OwnedSocket(OwnedSocket&&) = default;
    OwnedSocket& operator=(OwnedSocket&&) = delete;

    void close() {
        if (socket_ == nullptr) return;
        socket_->close();
        registry_->sockets.erase(id_);
    }
    Socket* operator->() const { return socket_.get(); }
    const std::shared_ptr<Registry>& registry() const { return registry_; }

private:
    std::shared_ptr<Registry> registry_;
    std::uint64_t id_;
    std::shared_ptr<Socket> socket_;
};

namespace {

Error closed_error(const Address& peer) {
    return make_error(ErrorCode::closed, "connection with " + peer.to_string());
}

Error os_error(ErrorCode code, const char* call, const Address& address, int error) {
    return make_error(code,
                      std::string(call) + " " + address.to_string() + ": " + std::strerror(error));
}

/// Out of descriptors or buffers, here or in the whole system: it passes.
bool is_shortage(int error) {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

void set_flag(int fd, int level, int option) {
    const int on = 1;
    // Neither option can fail on a TCP socket, and the connection would work without.
    static_cast<void>(::setsockopt(fd, level, option, &on, sizeof on));
}

UniqueFd tcp_socket(const boost::asio::ip::tcp::endpoint& endpoint) {
    return UniqueFd(::socket(endpoint.protocol().family(),
                             SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
}

Result<boost::asio::ip::tcp::endpoint> endpoint_of(int fd,
                                                   int (*query)(int, sockaddr*, socklen_t*)) {
    boost::asio::ip::tcp::endpoint endpoint;
    auto length = static_cast<socklen_t>(endpoint.capacity());
    if (query(fd, endpoint.data(), &length) != 0) {
        return make_error(ErrorCode::closed, std::strerror(errno));
    }
    endpoint.resize(length);
    return endpoint;
}

Address to_address(const boost::asio::ip::tcp::endpoint& endpoint) {
    return Address{endpoint.address().to_string(), endpoint.port()};
}

/// Yields once in a while in a fiber that never has to wait.
class Eagerness {
public:
    explicit Eagerness(Scheduler& scheduler) : scheduler_(scheduler) {}
    void waited() { calls_ = 0; }
    /// Before an operation, while nothing is consumed yet: may throw Killed.
    void count_call() {
        if (++calls_ < OsNetwork::eager_calls_max) return;
        calls_ = 0;
        scheduler_.yield();
    }

private:
    Scheduler& scheduler_;
    std::uint32_t calls_ = 0;
};

}  // namespace

// ---- connections ----

class OsNetwork::TcpConnection final : public Connection {
public:
    TcpConnection(EventLoop& loop, OwnedSocket socket, std::unique_ptr<Stream> stream, Address peer)
        : socket_(std::move(socket)),
          stream_(std::move(stream)),
          peer_(std::move(peer)),
          read_eagerness_(loop.scheduler()),
          write_eagerness_(loop.scheduler()) {}

    Result<std::size_t> read_some(std::span<char> into, MonoTime deadline) override;
    Result<void> write_all(std::string_view bytes, MonoTime deadline) override;
    void close() override { socket_.close(); }
    const Address& peer() const override { return peer_; }

    Socket& socket() { return *socket_.operator->(); }

private:
    OwnedSocket socket_;
    std::unique_ptr<Stream> stream_;
    Address peer_;
    Eagerness read_eagerness_;
    Eagerness write_eagerness_;
    Readiness read_wants_ = Readiness::none;  ///< the stream's hint after the last read
    // Reading goes on after a failed write, because the peer's last words may still be there.
    bool read_broken_ = false;
    bool write_broken_ = false;
};

Result<std::size_t> OsNetwork::TcpConnection::read_some(std::span<char> into, MonoTime deadline) {
    GEODE_ASSERT(!into.empty());
    read_eagerness_.count_call();
    bool expired = false;
    for (;;) {
        if (read_wants_ == Readiness::none) {
            if (socket_->closed() || read_broken_) return closed_error(peer_);
            const Result<Progress> progress = stream_->read(into);
            if (!progress) {
                read_broken_ = true;
                return progress.error();
            }
            GEODE_ASSERT(progress->bytes <= into.size());
            read_wants_ = progress->want;
            if (progress->bytes > 0) return progress->bytes;
            // The kernel reports a reset once, and an end after that; the writer was told.
            if (progress->want == Readiness::none && write_broken_) return closed_error(peer_);
            if (progress->want == Readiness::none) return std::size_t{0};
        }
        if (expired) return make_error(ErrorCode::timed_out, "read from " + peer_.to_string());
        // Taken before the wait, so that the next call tries the stream whatever happens now.
        const Readiness want = std::exchange(read_wants_, Readiness::none);
        const Socket::WaitEnd end = socket_->wait(Socket::Role::reader, want, deadline);
        if (end == Socket::WaitEnd::closed) return closed_error(peer_);
        expired = end == Socket::WaitEnd::timed_out;  // and one last try
        read_eagerness_.waited();
    }
}

Result<void> OsNetwork::TcpConnection::write_all(std::string_view bytes, MonoTime deadline) {
    std::size_t sent = 0;
    bool expired = false;
    write_eagerness_.count_call();
    while (sent < bytes.size()) {
        if (socket_->closed() || write_broken_) return closed_error(peer_);
        const Result<Progress> progress = stream_->write(bytes.substr(sent));
        if (!progress) {
            write_broken_ = true;
            return progress.error();
        }
        sent += progress->bytes;
        GEODE_ASSERT(sent <= bytes.size());
        if (progress->want == Readiness::none || sent == bytes.size()) continue;
        if (progress->bytes == 0 && expired) {
            return make_error(ErrorCode::timed_out, "write to " + peer_.to_string());
        }
        const Socket::WaitEnd end = socket_->wait(Socket::Role::writer, progress->want, deadline);
        if (end == Socket::WaitEnd::closed) return closed_error(peer_);
        expired = end == Socket::WaitEnd::timed_out;
        write_eagerness_.waited();
    }
    if (socket_->closed()) return closed_error(peer_);
    return {};
}

// ---- listeners ----

class OsNetwork::TcpListener final : public Listener {
public:
    TcpListener(EventLoop& loop, OsClock& clock, OwnedSocket socket, Address local)
        : loop_(loop),
          clock_(clock),
          socket_(std::move(socket)),
          local_(std::move(local)),
          eagerness_(loop.scheduler()) {}

    Result<std::unique_ptr<Connection>> accept() override;
    const Address& local() const override { return local_; }
    void close() override { socket_.close(); }

private:
    Result<std::unique_ptr<Connection>> welcome(UniqueFd fd, const Endpoint& from);
    void wait_out_shortage();

    EventLoop& loop_;
    OsClock& clock_;
    OwnedSocket socket_;
    Address local_;
    Eagerness eagerness_;
};

Result<std::unique_ptr<Connection>> OsNetwork::TcpListener::accept() {
    eagerness_.count_call();
    while (!socket_->closed()) {
        Endpoint from;
        auto length = static_cast<socklen_t>(from.capacity());
        UniqueFd fd(::accept4(socket_->fd(), from.data(), &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
        const int error = fd ? 0 : errno;
        if (fd) {
            from.resize(length);
            Result<std::unique_ptr<Connection>> connection = welcome(std::move(fd), from);
            if (connection) return connection;
        } else if (error == EAGAIN) {
            eagerness_.waited();
            // `never`: a listener waits as long as it lives; close() and a kill both end it.
            socket_->wait(Socket::Role::reader, Readiness::readable, never);
        } else if (is_shortage(error)) {
            GEODE_REACHED("os.accept_out_of_descriptors");
            wait_out_shortage();
        } else if (error == EBADF || error == EINVAL || error == ENOTSOCK) {
            return os_error(ErrorCode::closed, "accept", local_, error);
        } else {
            // The peer's own trouble (ECONNABORTED and whatever else accept(2) passes on from the
            // network): the next one may be fine.
            eagerness_.count_call();
        }
    }
    return make_error(ErrorCode::closed, "listener " + local_.to_string());
}

Result<std::unique_ptr<Connection>> OsNetwork::TcpListener::welcome(UniqueFd fd,
                                                                    const Endpoint& from) {
    const int number = fd.get();
    set_flag(number, IPPROTO_TCP, TCP_NODELAY);
    GEODE_TRY(OwnedSocket socket, own(loop_, clock_, socket_.registry(), std::move(fd)));
    return std::unique_ptr<Connection>(std::make_unique<TcpConnection>(
        loop_, std::move(socket), std::make_unique<PlainStream>(number), to_address(from)));
}

/// Retrying at once would spin: the pending connection keeps the listener readable.
void OsNetwork::TcpListener::wait_out_shortage() {
    const WakeToken token = loop_.scheduler().park_token();
    const MonoTime until = saturating_add(clock_.now(), accept_retry_delay);
    const DeadlineTimer timer(clock_, until, token);
    loop_.scheduler().park();
}

// ---- the network ----

OsNetwork::OsNetwork(EventLoop& loop, OsClock& clock)
    : loop_(loop), clock_(clock), registry_(std::make_shared<Registry>()) {}

OsNetwork::~OsNetwork() {
    stop();
}

void OsNetwork::stop() {
    registry_->stopped = true;
    for (const auto& [id, socket] : registry_->sockets) socket->close();
    registry_->sockets.clear();
}

std::size_t OsNetwork::open_sockets() const {
    return registry_->sockets.size();
}

Result<OsNetwork::OwnedSocket> OsNetwork::own(EventLoop& loop, OsClock& clock,
                                              const std::shared_ptr<Registry>& registry,
                                              UniqueFd fd) {
    if (registry->stopped) return make_error(ErrorCode::closed, "the network is stopped");
    GEODE_TRY(std::shared_ptr<Socket> socket, Socket::adopt(loop, clock, std::move(fd)));
    const std::uint64_t id = registry->next++;
    registry->sockets.emplace(id, socket);
    return OwnedSocket(registry, id, std::move(socket));
}

Result<std::unique_ptr<Connection>> OsNetwork::connect(const Address& to, MonoTime deadline) {
    GEODE_TRY(const std::vector<Endpoint> endpoints, resolve(to, deadline));
    GEODE_ASSERT(!endpoints.empty());
    for (std::size_t index = 0;; ++index) {
        Result<std::unique_ptr<Connection>> connection = connect_to(endpoints[index], to, deadline);
        const bool last = index + 1 == endpoints.size();
        if (connection || last || clock_.now() >= deadline) return connection;
    }
}

Result<std::unique_ptr<Connection>> OsNetwork::connect_to(const Endpoint& endpoint,
                                                          const Address& peer, MonoTime deadline) {
    UniqueFd fd = tcp_socket(endpoint);
    if (!fd) return os_error(ErrorCode::unavailable, "socket for", peer, errno);
    const int number = fd.get();
    set_flag(number, IPPROTO_TCP, TCP_NODELAY);
    const auto length = static_cast<socklen_t>(endpoint.size());
    int error = ::connect(number, endpoint.data(), length) == 0 ? 0 : errno;
    // An interrupted connect goes on in the background, like any non-blocking one.
    const bool pending = error == EINPROGRESS || error == EINTR;
    GEODE_TRY(OwnedSocket socket, own(loop_, clock_, registry_, std::move(fd)));
    if (pending) {
        const Socket::WaitEnd end =
            socket->wait(Socket::Role::writer, Readiness::writable, deadline);
        if (end == Socket::WaitEnd::closed) return closed_error(peer);
        if (end == Socket::WaitEnd::timed_out) error = ETIMEDOUT;
        if (end == Socket::WaitEnd::ready) {
            socklen_t size = sizeof error;
            if (::getsockopt(number, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
        }
    }
    if (error == ETIMEDOUT) return os_error(ErrorCode::timed_out, "connect to", peer, error);
    // Unreachable hosts and networks, and resets on the way, all mean: nobody answers there.
    if (error != 0) return os_error(ErrorCode::refused, "connect to", peer, error);
    // A connect to a free ephemeral port of this very host may meet itself (TCP simultaneous open),
    // and would keep a restarting server from its own port.
    GEODE_TRY(const Endpoint self, endpoint_of(number, ::getsockname));
    if (self == endpoint) {
        GEODE_REACHED("os.connect_met_itself");
        return os_error(ErrorCode::refused, "connect to", peer, ECONNREFUSED);
    }
    return std::unique_ptr<Connection>(std::make_unique<TcpConnection>(
        loop_, std::move(socket), std::make_unique<PlainStream>(number), peer));
}

Result<std::unique_ptr<Listener>> OsNetwork::listen(const Address& at) {
    // `never`: only a listener configured by name waits here, once, while its node starts.
    GEODE_TRY(const std::vector<Endpoint> endpoints, resolve(at, never));
    const Endpoint& endpoint = endpoints.front();
    UniqueFd fd = tcp_socket(endpoint);
    if (!fd) return os_error(ErrorCode::unavailable, "socket for", at, errno);
    const int number = fd.get();
    set_flag(number, SOL_SOCKET, SO_REUSEADDR);
    const auto length = static_cast<socklen_t>(endpoint.size());
    if (::bind(number, endpoint.data(), length) != 0 || ::listen(number, accept_backlog) != 0) {
        const ErrorCode code =
            errno == EADDRINUSE ? ErrorCode::address_in_use : ErrorCode::invalid_argument;
        return os_error(code, "listen at", at, errno);
    }
    GEODE_TRY(const Endpoint bound, endpoint_of(number, ::getsockname));
    GEODE_TRY(OwnedSocket socket, own(loop_, clock_, registry_, std::move(fd)));
    return std::unique_ptr<Listener>(std::make_unique<TcpListener>(loop_, clock_, std::move(socket),
                                                                   Address{at.host, bound.port()}));
}

// ---- names ----

Result<std::vector<OsNetwork::Endpoint>> OsNetwork::resolve(const Address& address,
                                                            MonoTime deadline) {
    if (registry_->stopped) return make_error(ErrorCode::closed, "the network is stopped");
    if (address.host.empty()) {
        return make_error(ErrorCode::invalid_argument, "an address without a host");
    }
    boost::system::error_code not_numeric;
    const auto numeric = boost::asio::ip::make_address(address.host, not_numeric);
    if (!not_numeric) return std::vector<Endpoint>{Endpoint(numeric, address.port)};
    return resolve_name(address, deadline);
}

Result<std::vector<OsNetwork::Endpoint>> OsNetwork::resolve_name(const Address& address,
                                                                 MonoTime deadline) {
    using Resolver = boost::asio::ip::tcp::resolver;
    struct Lookup {
        explicit Lookup(boost::asio::io_context& io) : resolver(io) {}
        Resolver resolver;
        Resolver::results_type found;
        boost::system::error_code error;
        bool done = false;
    };
    // Shared: Asio's resolver thread cannot be interrupted, and may answer after we have left.
    const auto lookup = std::make_shared<Lookup>(loop_.io());
    const std::string port = std::to_string(address.port);
    Scheduler& scheduler = loop_.scheduler();
    if (!scheduler.in_fiber()) {
        lookup->found =
            lookup->resolver.resolve(address.host, port, Resolver::numeric_service, lookup->error);
    } else {
        const WakeToken token = scheduler.park_token();
        lookup->resolver.async_resolve(
            address.host, port, Resolver::numeric_service,
            [lookup, token, loop = &loop_](const boost::system::error_code& error,
                                           Resolver::results_type found) {
                lookup->error = error;
                lookup->found = std::move(found);
                lookup->done = true;
                loop->scheduler().wake(token);
                loop->run_ready_fibers();
            });
        const DeadlineTimer timer(clock_, deadline, token);
        scheduler.park();
        if (!lookup->done) {
            return make_error(ErrorCode::timed_out, "name lookup of " + address.host);
        }
    }
    if (lookup->error || lookup->found.empty()) {
        return make_error(ErrorCode::invalid_argument,
                          "name lookup of " + address.host + ": " + lookup->error.message());
    }
    std::vector<Endpoint> endpoints;
    for (const auto& entry : lookup->found) endpoints.push_back(entry.endpoint());
    return endpoints;
}

}  // namespace geode::os
