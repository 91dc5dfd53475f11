// SPDX-License-Identifier: Apache-2.0
#include "jepsen/command.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "runtime/os/unique_fd.h"

namespace geode::jepsen {
namespace {

using os::UniqueFd;

/// Where ip, nft and tc live, though the PATH of an ordinary user leaves it out.
constexpr const char* folders[] = {"/usr/sbin/", "/usr/bin/",        "/sbin/",
                                   "/bin/",      "/usr/local/sbin/", "/usr/local/bin/"};

std::string find_program(const std::string& name) {
    if (name.find('/') != std::string::npos) return name;
    for (const char* const folder : folders) {
        const std::string path = folder + name;
        if (::access(path.c_str(), X_OK) == 0) return path;
    }
    return {};
}

/// A file in memory: unlike a pipe it never fills up, so nothing needs to be read meanwhile.
Result<UniqueFd> memory_file(const std::string& content) {
    UniqueFd file(::memfd_create("geode-command", MFD_CLOEXEC));
    if (file.get() < 0) return make_error(ErrorCode::io_error, std::strerror(errno));
    std::size_t done = 0;
    while (done < content.size()) {
        const ssize_t count = ::write(file.get(), content.data() + done, content.size() - done);
        if (count < 0) return make_error(ErrorCode::io_error, std::strerror(errno));
        done += static_cast<std::size_t>(count);
    }
    ::lseek(file.get(), 0, SEEK_SET);
    return Result<UniqueFd>(std::move(file));
}

std::string content_of(int file) {
    std::string text;
    std::array<char, 4096> buffer{};
    off_t offset = 0;
    while (true) {
        const ssize_t count = ::pread(file, buffer.data(), buffer.size(), offset);
        if (count <= 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(count));
        offset += count;
    }
}

int wait_for(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string joined(const Words& words) {
    std::string line;
    for (const std::string& word : words) line.append(line.empty() ? "" : " ").append(word);
    return line;
}

}  // namespace

Result<CommandOutput> run_command(const Words& words, const std::string& input) {
    GEODE_ASSERT(!words.empty());
    const std::string program = find_program(words[0]);
    if (program.empty()) return make_error(ErrorCode::not_found, words[0] + " is not installed");
    GEODE_TRY(const UniqueFd in, memory_file(input));
    GEODE_TRY(const UniqueFd out, memory_file(""));
    GEODE_TRY(const UniqueFd err, memory_file(""));
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_adddup2(&files, in.get(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&files, out.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&files, err.get(), STDERR_FILENO);
    pid_t pid = 0;
    const int failure =
        ::posix_spawn(&pid, program.c_str(), &files, nullptr, argv.data(), ::environ);
    ::posix_spawn_file_actions_destroy(&files);
    if (failure != 0) {
        return make_error(ErrorCode::io_error, program + ": " + std::strerror(failure));
    }
    CommandOutput result;
    result.status = wait_for(pid);
    result.output = content_of(out.get());
    result.errors = content_of(err.get());
    return result;
}

Result<std::string> must_run(const Words& words, const std::string& input) {
    GEODE_TRY(CommandOutput done, run_command(words, input));
    if (done.status == 0) return std::move(done.output);
    const std::string& said = done.errors.empty() ? done.output : done.errors;
    return make_error(ErrorCode::io_error, joined(words) + ": " + said.substr(0, said.find('\n')));
}

}  // namespace geode::jepsen
