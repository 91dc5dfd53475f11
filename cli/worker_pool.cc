// SPDX-License-Identifier: Apache-2.0
#include "cli/worker_pool.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <deque>
#include <map>
#include <memory>

namespace geode::cli {
namespace {

using WallClock = std::chrono::steady_clock;

constexpr std::size_t stderr_bytes_max = 16 * 1024;

Error system_error(const char* call) {
    return make_error(ErrorCode::io_error, std::string(call) + ": " + std::strerror(errno));
}

std::string describe_status(int status) {
    if (WIFEXITED(status)) return "status " + std::to_string(WEXITSTATUS(status));
    if (!WIFSIGNALED(status)) return "an unknown end";
    const int signal = WTERMSIG(status);
    const char* const name = ::strsignal(signal);
    return "signal " + std::to_string(signal) + " (" + (name != nullptr ? name : "?") + ")";
}

void write_fully(int file, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) ::_exit(1);  // the parent is gone
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

/// Gives the calling process `seconds` more of CPU time.
void limit_cpu(std::uint32_t seconds) {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto used = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec;
    rlimit limit{};
    ::getrlimit(RLIMIT_CPU, &limit);
    limit.rlim_cur = static_cast<rlim_t>(used) + seconds + 1;
    if (limit.rlim_max != RLIM_INFINITY) limit.rlim_cur = std::min(limit.rlim_cur, limit.rlim_max);
    ::setrlimit(RLIMIT_CPU, &limit);
}

class Worker {
public:
    pid_t pid = -1;
    int results = -1;
    int errors = -1;
    std::deque<std::uint64_t> seeds;  ///< not answered; the first is being run
    std::string unread;
    std::string said;
    WallClock::time_point since;

    ~Worker() {
        if (results >= 0) ::close(results);
        if (errors >= 0) ::close(errors);
    }
};

class Pool {
public:
    Pool(const WorkerPoolOptions& options, const std::vector<std::uint64_t>& seeds,
         const WorkerPoolCallbacks& callbacks)
        : options_(options),
          callbacks_(callbacks),
          order_(seeds.begin(), seeds.end()),
          queue_(seeds.begin(), seeds.end()) {}
    ~Pool() { kill_all(); }

    Result<void> run();

private:
    Result<void> spawn();
    [[noreturn]] void work(const std::vector<std::uint64_t>& seeds, int results, int errors);
    void wait_for_news();
    bool read_results(Worker& worker);
    void read_errors(Worker& worker);
    void take_line(Worker& worker, std::string line);
    void bury(Worker& worker);
    void finish(SeedOutcome outcome);
    void kill_overdue();
    void kill_all();

    const WorkerPoolOptions& options_;
    const WorkerPoolCallbacks& callbacks_;
    std::deque<std::uint64_t> order_;  ///< outcomes still to be handed over
    std::deque<std::uint64_t> queue_;  ///< seeds still to be given to a worker
    std::map<std::uint64_t, SeedOutcome> early_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::uint64_t finished_ = 0;
    bool stopped_ = false;
};

Result<void> Pool::run() {
    while (!stopped_ && !order_.empty()) {
        while (workers_.size() < options_.jobs && !queue_.empty()) GEODE_TRY_VOID(spawn());
        wait_for_news();
        kill_overdue();
        if (callbacks_.on_tick) callbacks_.on_tick(finished_);
    }
    return {};
}

Result<void> Pool::spawn() {
    int results[2];
    int errors[2];
    if (::pipe2(results, O_CLOEXEC) != 0) return system_error("pipe2");
    if (::pipe2(errors, O_CLOEXEC) != 0) return system_error("pipe2");
    // Small batches near the end, so that no worker is left with a long tail.
    const std::size_t share = queue_.size() / (std::size_t{options_.jobs} * 2) + 1;
    const std::size_t count =
        std::min({share, std::size_t{options_.seeds_per_worker}, queue_.size()});
    const std::vector<std::uint64_t> batch(queue_.begin(),
                                           queue_.begin() + static_cast<std::ptrdiff_t>(count));
    std::fflush(nullptr);  // or the child would write the parent's buffers again
    const pid_t pid = ::fork();
    if (pid < 0) return system_error("fork");
    if (pid == 0) {
        ::close(results[0]);
        ::close(errors[0]);
        work(batch, results[1], errors[1]);
    }
    ::close(results[1]);
    ::close(errors[1]);
    ::fcntl(errors[0], F_SETFL, O_NONBLOCK);
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count));
    auto worker = std::make_unique<Worker>();
    worker->pid = pid;
    worker->results = results[0];
    worker->errors = errors[0];
    worker->seeds.assign(batch.begin(), batch.end());
    worker->since = WallClock::now();
    workers_.push_back(std::move(worker));
    return {};
}

void Pool::work(const std::vector<std::uint64_t>& seeds, int results, int errors) {
    ::dup2(errors, STDERR_FILENO);
    for (const std::uint64_t seed : seeds) {
        limit_cpu(options_.cpu_seconds_per_seed_max);
        std::string line = callbacks_.job(seed);
        std::fflush(stderr);
        write_fully(results, line.append("\n"));
    }
    ::_exit(0);
}

void Pool::wait_for_news() {
    std::vector<pollfd> waits;
    for (const auto& worker : workers_) {
        waits.push_back({worker->results, POLLIN, 0});
        waits.push_back({worker->errors, POLLIN, 0});
    }
    if (::poll(waits.data(), waits.size(), static_cast<int>(options_.tick_ms)) <= 0) return;
    std::vector<Worker*> gone;
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        if (waits[2 * i + 1].revents != 0) read_errors(*workers_[i]);
        if (waits[2 * i].revents != 0 && !read_results(*workers_[i])) {
            gone.push_back(workers_[i].get());
        }
    }
    for (Worker* worker : gone) {
        bury(*worker);
        std::erase_if(workers_, [&](const auto& other) { return other.get() == worker; });
    }
}

/// Reads what there is; false at the end of the stream.
bool Pool::read_results(Worker& worker) {
    char buffer[64 * 1024];
    const ssize_t count = ::read(worker.results, buffer, sizeof buffer);
    if (count < 0) return errno == EINTR || errno == EAGAIN;
    if (count == 0) return false;
    worker.unread.append(buffer, static_cast<std::size_t>(count));
    for (std::size_t end = worker.unread.find('\n'); end != std::string::npos;
         end = worker.unread.find('\n')) {
        std::string line = worker.unread.substr(0, end);
        worker.unread.erase(0, end + 1);
        take_line(worker, std::move(line));
    }
    return true;
}

void Pool::read_errors(Worker& worker) {
    char buffer[16 * 1024];
    for (;;) {
        const ssize_t count = ::read(worker.errors, buffer, sizeof buffer);
        if (count <= 0) return;
        worker.said.append(buffer, static_cast<std::size_t>(count));
        if (worker.said.size() > stderr_bytes_max) {
            worker.said.erase(0, worker.said.size() - stderr_bytes_max);
        }
    }
}

void Pool::take_line(Worker& worker, std::string line) {
    GEODE_ASSERT_MSG(!worker.seeds.empty(), "one line per seed");
    read_errors(worker);
    SeedOutcome outcome;
    outcome.seed = worker.seeds.front();
    outcome.answered = true;
    outcome.line = std::move(line);
    outcome.said = std::exchange(worker.said, {});
    worker.seeds.pop_front();
    worker.since = WallClock::now();
    finish(std::move(outcome));
}

/// Its results have ended: either all is done, or it died at its first unanswered seed.
void Pool::bury(Worker& worker) {
    read_errors(worker);
    int status = 0;
    while (::waitpid(worker.pid, &status, 0) < 0 && errno == EINTR) {
    }
    worker.pid = -1;
    if (worker.seeds.empty()) return;
    SeedOutcome outcome;
    outcome.seed = worker.seeds.front();
    outcome.death = describe_status(status);
    outcome.said = std::move(worker.said);
    worker.seeds.pop_front();
    queue_.insert(queue_.begin(), worker.seeds.begin(), worker.seeds.end());
    finish(std::move(outcome));
}

void Pool::finish(SeedOutcome outcome) {
    ++finished_;
    early_.emplace(outcome.seed, std::move(outcome));
    while (!stopped_ && !order_.empty()) {
        const auto next = early_.find(order_.front());
        if (next == early_.end()) return;
        const SeedOutcome ready = std::move(next->second);
        early_.erase(next);
        order_.pop_front();
        if (!callbacks_.on_outcome(ready)) stopped_ = true;
    }
}

/// CPU time is limited by the system; this is for a worker that sleeps for ever.
void Pool::kill_overdue() {
    const std::chrono::seconds limit(30 + 10 * std::int64_t{options_.cpu_seconds_per_seed_max});
    for (const auto& worker : workers_) {
        if (WallClock::now() - worker->since > limit) ::kill(worker->pid, SIGKILL);
    }
}

void Pool::kill_all() {
    for (const auto& worker : workers_) {
        if (worker->pid <= 0) continue;
        ::kill(worker->pid, SIGKILL);
        while (::waitpid(worker->pid, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
    workers_.clear();
}

}  // namespace

Result<void> run_workers(const WorkerPoolOptions& options, const std::vector<std::uint64_t>& seeds,
                         const WorkerPoolCallbacks& callbacks) {
    GEODE_ASSERT(options.jobs >= 1 && options.seeds_per_worker >= 1);
    GEODE_ASSERT(callbacks.job && callbacks.on_outcome);
    Pool pool(options, seeds, callbacks);
    return pool.run();
}

}  // namespace geode::cli
