// SPDX-License-Identifier: Apache-2.0
#include "jepsen/process_cluster.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

namespace geode::jepsen {
namespace {

constexpr const char* loopback = "127.0.0.1";
constexpr int terminate_polls_max = 1500;  // of 10 ms
constexpr int signal_polls_max = 1000;     // of 1 ms

/// Holds `count` distinct free ports open together, so that no two are the same.
Result<std::vector<std::uint16_t>> free_ports(std::size_t count) {
    std::vector<std::uint16_t> ports;
    std::vector<int> sockets;
    for (std::size_t i = 0; i < count; ++i) {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
            ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
            for (const int open : sockets) ::close(open);
            return make_error(ErrorCode::unavailable, "no free port on loopback");
        }
        sockets.push_back(fd);
        ports.push_back(ntohs(address.sin_port));
    }
    for (const int fd : sockets) ::close(fd);
    return ports;
}

Result<std::vector<NodePlace>> places_on_loopback(std::uint32_t nodes) {
    GEODE_TRY(const std::vector<std::uint16_t> ports, free_ports(std::size_t{2} * nodes));
    std::vector<NodePlace> places;
    for (std::size_t i = 0; i < nodes; ++i) {
        const Address client{loopback, ports[2 * i]};
        const Address peers{loopback, ports[2 * i + 1]};
        places.push_back({client, peers, client, peers, {}});
    }
    return Result<std::vector<NodePlace>>(std::move(places));
}

/// The letter of the process's state in /proc, or 0.
char state_of(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(file, text);
    // "123 (name) S ...", and the name may hold anything.
    const std::size_t name_end = text.rfind(") ");
    return name_end == std::string::npos ? '\0' : text[name_end + 2];
}

}  // namespace

Result<ProcessCluster> ProcessCluster::create(ProcessClusterOptions options) {
    ProcessCluster cluster(std::move(options));
    std::error_code failure;
    std::filesystem::create_directories(cluster.options_.directory, failure);
    for (std::uint32_t number = 1; number <= cluster.options_.nodes && !failure; ++number) {
        std::filesystem::create_directories(cluster.disk_directory(number), failure);
    }
    if (failure) {
        return make_error(ErrorCode::io_error,
                          cluster.options_.directory + ": " + failure.message());
    }
    if (cluster.options_.places.empty()) {
        GEODE_TRY(cluster.options_.places, places_on_loopback(cluster.options_.nodes));
    }
    GEODE_ASSERT(cluster.options_.places.size() == cluster.options_.nodes);
    return Result<ProcessCluster>(std::move(cluster));
}

ProcessCluster::ProcessCluster(ProcessCluster&& other) noexcept
    : options_(std::move(other.options_)), pids_(std::move(other.pids_)) {
    other.pids_.clear();
}

ProcessCluster::~ProcessCluster() {
    while (!pids_.empty()) kill(pids_.begin()->first);
}

Address ProcessCluster::client_address(std::uint32_t number) const {
    return options_.places.at(number - 1).client;
}

std::string ProcessCluster::disk_directory(std::uint32_t number) const {
    return options_.directory + "/n" + std::to_string(number);
}

std::string ProcessCluster::log_file(std::uint32_t number) const {
    return disk_directory(number) + ".log";
}

std::vector<Address> ProcessCluster::client_addresses() const {
    std::vector<Address> addresses;
    for (std::uint32_t i = 1; i <= options_.nodes; ++i) addresses.push_back(client_address(i));
    return addresses;
}

std::vector<std::string> ProcessCluster::arguments(std::uint32_t number) const {
    const NodePlace& place = options_.places.at(number - 1);
    // Should the harness die, nothing must be left running.
    std::vector<std::string> arguments = {"/usr/bin/setpriv", "--pdeathsig", "KILL", "/usr/bin/env",
                                          "GEODE_JEPSEN_HARNESS=" + std::to_string(::getpid())};
    arguments.insert(arguments.end(), place.prefix.begin(), place.prefix.end());
    const std::vector<std::string> program = {options_.node_binary,
                                              "--node-id",
                                              std::to_string(number),
                                              "--data-dir",
                                              disk_directory(number) + "/data",
                                              "--listen",
                                              place.client_listen.to_string(),
                                              "--cluster-listen",
                                              place.cluster_listen.to_string()};
    arguments.insert(arguments.end(), program.begin(), program.end());
    for (std::uint32_t i = 1; i <= options_.nodes; ++i) {
        const NodePlace& member = options_.places.at(i - 1);
        arguments.push_back("--member");
        arguments.push_back(std::to_string(i) + "=" + member.cluster.to_string() + "," +
                            member.client.to_string());
    }
    arguments.insert(arguments.end(), options_.extra_arguments.begin(),
                     options_.extra_arguments.end());
    return arguments;
}

void ProcessCluster::add_prefix(std::uint32_t number, const std::vector<std::string>& words) {
    std::vector<std::string>& prefix = options_.places.at(number - 1).prefix;
    prefix.insert(prefix.end(), words.begin(), words.end());
}

Result<void> ProcessCluster::start(std::uint32_t number) {
    GEODE_ASSERT(!running(number));
    const std::vector<std::string> words = arguments(number);
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    const std::string log = log_file(number);
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log.c_str(),
                                       O_WRONLY | O_CREAT | O_APPEND, 0644);
    ::posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
    pid_t pid = 0;
    const int failure = ::posix_spawn(&pid, argv[0], &files, nullptr, argv.data(), ::environ);
    ::posix_spawn_file_actions_destroy(&files);
    if (failure != 0) {
        return make_error(ErrorCode::io_error, words[0] + ": " + std::strerror(failure));
    }
    pids_[number] = pid;
    return {};
}

void ProcessCluster::kill(std::uint32_t number) {
    const auto found = pids_.find(number);
    if (found == pids_.end()) return;
    ::kill(found->second, SIGKILL);
    while (::waitpid(found->second, nullptr, 0) < 0 && errno == EINTR) {
    }
    pids_.erase(found);
}

bool ProcessCluster::signal_and_see(std::uint32_t number, int signal, bool stopped) const {
    const auto found = pids_.find(number);
    if (found == pids_.end()) return false;
    ::kill(found->second, signal);
    for (int i = 0; i < signal_polls_max; ++i) {
        if ((state_of(found->second) == 'T') == stopped) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
}

bool ProcessCluster::pause(std::uint32_t number) {
    return signal_and_see(number, SIGSTOP, true);
}

bool ProcessCluster::resume(std::uint32_t number) {
    return signal_and_see(number, SIGCONT, false);
}

std::vector<ProcessEnd> ProcessCluster::take_ended() {
    std::vector<ProcessEnd> ended;
    for (auto at = pids_.begin(); at != pids_.end();) {
        int status = 0;
        if (::waitpid(at->second, &status, WNOHANG) != at->second) {
            ++at;
            continue;
        }
        const bool signalled = WIFSIGNALED(status);
        ended.push_back({at->first, signalled, signalled ? WTERMSIG(status) : WEXITSTATUS(status)});
        at = pids_.erase(at);
    }
    return ended;
}

int ProcessCluster::terminate(std::uint32_t number) {
    const auto found = pids_.find(number);
    if (found == pids_.end()) return -1;
    ::kill(found->second, SIGTERM);
    for (int i = 0; i < terminate_polls_max; ++i) {
        int status = 0;
        if (::waitpid(found->second, &status, WNOHANG) == found->second) {
            pids_.erase(found);
            return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    kill(number);
    return -1;
}

}  // namespace geode::jepsen
