// SPDX-License-Identifier: Apache-2.0
#include "runtime/os/os_network.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <cstring>

#include "base/assert.h"
#include "base/probe.h"

namespace geode::os {
namespace {

Error os_error(ErrorCode code, const char* call, const Address& address, int error) {
    return make_error(code,
                      std::string(call) + " " + address.to_string() + ": " + std::strerror(error));
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

}  // namespace

OsNetwork::OsNetwork(EventLoop& loop, OsClock& clock)
    : loop_(loop), clock_(clock), registry_(std::make_shared<SocketRegistry>(loop, clock)) {}

OsNetwork::~OsNetwork() {
    stop();
}

void OsNetwork::stop() {
    registry_->stop();
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
    GEODE_TRY(OwnedSocket socket, OwnedSocket::open(registry_, std::move(fd)));
    if (pending) {
        const Socket::WaitEnd end =
            socket->wait(Socket::Role::writer, Readiness::writable, deadline);
        if (end == Socket::WaitEnd::closed)
            return make_error(ErrorCode::closed, "the network is stopped");
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
        std::move(socket), std::make_unique<PlainStream>(number), peer));
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
    GEODE_TRY(OwnedSocket socket, OwnedSocket::open(registry_, std::move(fd)));
    return std::unique_ptr<Listener>(
        std::make_unique<TcpListener>(std::move(socket), Address{at.host, bound.port()}));
}

// ---- names ----

Result<std::vector<OsNetwork::Endpoint>> OsNetwork::resolve(const Address& address,
                                                            MonoTime deadline) {
    if (registry_->stopped()) return make_error(ErrorCode::closed, "the network is stopped");
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
