// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>

#include "runtime/os/os_disk.h"
#include "runtime/os/posix_file.h"
#include "tests/runtime_os/fixture.h"

using namespace geode;
using namespace geode::os;
using namespace geode::os::test;
using geode::test::contract::code_of;

namespace {

std::unique_ptr<OsDisk> disk_at(const std::string& path) {
    auto disk = OsDisk::open_root(path);
    REQUIRE(disk);
    return *std::move(disk);
}

}  // namespace

TEST_CASE("os disk: refuses every path that is not below the root", "[fast]") {
    const TemporaryFolder dir;
    const auto disk = disk_at(dir.path());
    REQUIRE(disk->create_dir("d"));
    for (const std::string_view path : {"", "/etc/passwd", "..", "../x", "d/..", "d/../../x", ".",
                                        "./x", "d/./x", "d//x", "x/", "/", "d/"}) {
        INFO(path);
        CHECK(code_of(disk->open(path, OpenMode::write)) == ErrorCode::invalid_argument);
        CHECK(code_of(disk->remove(path)) == ErrorCode::invalid_argument);
        CHECK(code_of(disk->rename("d", path)) == ErrorCode::invalid_argument);
        CHECK(code_of(disk->lock(path)) == ErrorCode::invalid_argument);
        if (path.empty()) continue;  // the root itself may be listed and synced
        CHECK(code_of(disk->list(path)) == ErrorCode::invalid_argument);
        CHECK(code_of(disk->sync_dir(path)) == ErrorCode::invalid_argument);
        CHECK(code_of(disk->exists(path)) == ErrorCode::invalid_argument);
    }
    const std::string_view nul("a\0b", 3);
    CHECK(code_of(disk->open(nul, OpenMode::write)) == ErrorCode::invalid_argument);
    CHECK(disk->open("..a", OpenMode::write));
    CHECK(disk->open(".a", OpenMode::write));
}

TEST_CASE("os disk: makes its directory, but not a whole path", "[fast]") {
    const TemporaryFolder dir;
    CHECK(OsDisk::open_root(dir.path() + "/new"));
    CHECK(OsDisk::open_root(dir.path() + "/new"));
    CHECK(code_of(OsDisk::open_root(dir.path() + "/no/new")) == ErrorCode::not_found);
    REQUIRE(disk_at(dir.path())->open("file", OpenMode::write));
    CHECK_FALSE(OsDisk::open_root(dir.path() + "/file"));
    struct stat status{};
    REQUIRE(::stat((dir.path() + "/file").c_str(), &status) == 0);
    CHECK((status.st_mode & 0077) == 0);
}

TEST_CASE("os disk: a program without a data directory has no files", "[fast]") {
    const auto disk = disk_at("");
    CHECK(code_of(disk->open("f", OpenMode::write)) == ErrorCode::not_found);
    CHECK(code_of(disk->list("")) == ErrorCode::not_found);
    CHECK(code_of(disk->sync_dir("")) == ErrorCode::not_found);
    CHECK(code_of(disk->exists("")) == ErrorCode::not_found);
    CHECK(code_of(disk->lock("L")) == ErrorCode::not_found);
}

TEST_CASE("os disk: errors carry their code and name the file", "[fast]") {
    const TemporaryFolder dir;
    const auto disk = disk_at(dir.path());
    REQUIRE(disk->create_dir("d"));
    const auto file = disk->open("f", OpenMode::write);
    REQUIRE(file);
    REQUIRE((*file)->append("x"));
    const auto missing = disk->open("gone", OpenMode::read);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().message == "open gone: No such file or directory");
    CHECK(code_of(disk->open("f/x", OpenMode::write)) == ErrorCode::not_found);
    CHECK(code_of(disk->open("d", OpenMode::read)) == ErrorCode::io_error);
    CHECK(code_of(disk->create_dir("f")) == ErrorCode::already_exists);
    CHECK(code_of(disk->create_dir("no/d")) == ErrorCode::not_found);
    CHECK(code_of((*file)->write_at(UINT64_MAX, "x")) == ErrorCode::invalid_argument);
    CHECK(code_of((*file)->truncate(UINT64_MAX)) == ErrorCode::invalid_argument);
    const auto read_only = disk->open("f", OpenMode::read);
    REQUIRE(read_only);
    CHECK(code_of((*read_only)->write_at(0, "x")) == ErrorCode::io_error);
}

TEST_CASE("os disk: a read-only directory gives errors, and reads go on", "[fast]") {
    const TemporaryFolder dir;
    const auto disk = disk_at(dir.path());
    geode::test::contract::put(*disk, "f", "kept");
    REQUIRE(::chmod(dir.path().c_str(), 0555) == 0);
    REQUIRE(::chmod((dir.path() + "/f").c_str(), 0444) == 0);
    // Permissions do not bind root: step down for a moment.
    const uid_t user = ::geteuid();
    if (user == 0) REQUIRE(::seteuid(65534) == 0);
    const auto created = code_of(disk->open("new", OpenMode::write));
    const auto removed = code_of(disk->remove("f"));
    const auto renamed = code_of(disk->rename("f", "g"));
    const std::string text = geode::test::contract::contents(*disk, "f");
    if (user == 0) REQUIRE(::seteuid(user) == 0);
    REQUIRE(::chmod(dir.path().c_str(), 0755) == 0);
    CHECK(created == ErrorCode::io_error);
    CHECK(removed == ErrorCode::io_error);
    CHECK(renamed == ErrorCode::io_error);
    CHECK(text == "kept");
}

TEST_CASE("os disk: a full device is disk_full, not a broken one", "[fast]") {
    PosixFile file(UniqueFd(::open("/dev/full", O_RDWR | O_CLOEXEC)), "full");
    CHECK(code_of(file.write_at(0, "x")) == ErrorCode::disk_full);
    CHECK(code_of(file.append("x")) == ErrorCode::disk_full);
}

TEST_CASE("os disk: a failed sync is final for its file", "[fast]") {
    // fdatasync fails on a pipe; putting a real file in its place must not make it look well again.
    const TemporaryFolder dir;
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const UniqueFd reading(ends[0]);
    PosixFile file(UniqueFd(ends[1]), "pipe");
    CHECK(code_of(file.sync()) == ErrorCode::io_error);
    const UniqueFd healthy(::open((dir.path() + "/f").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    REQUIRE(::dup3(healthy.get(), ends[1], O_CLOEXEC) == ends[1]);
    REQUIRE(::fdatasync(ends[1]) == 0);
    CHECK(code_of(file.sync()) == ErrorCode::io_error);
}

TEST_CASE("os disk: the lock binds Worlds and processes, and ends with its holder", "[fast]") {
    const TemporaryFolder dir;
    const auto mine = disk_at(dir.path());
    const auto other = disk_at(dir.path());
    {
        const auto held = mine->lock("LOCK");
        REQUIRE(held);
        CHECK(code_of(other->lock("LOCK")) == ErrorCode::locked);
    }
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const std::string path = dir.path() + "/LOCK";
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const int fd = ::open(path.c_str(), O_RDWR);
        const char answer = ::flock(fd, LOCK_EX | LOCK_NB) == 0 ? 'y' : 'n';
        if (::write(ends[1], &answer, 1) != 1) ::_exit(1);
        for (;;) ::pause();
    }
    char answer = 0;
    REQUIRE(::read(ends[0], &answer, 1) == 1);
    CHECK(answer == 'y');
    CHECK(code_of(mine->lock("LOCK")) == ErrorCode::locked);
    REQUIRE(::kill(child, SIGKILL) == 0);
    REQUIRE(::waitpid(child, nullptr, 0) == child);
    CHECK(mine->lock("LOCK"));
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST_CASE("os disk: no descriptor is inherited by a program started from here", "[fast]") {
    const TemporaryFolder dir;
    const auto disk = disk_at(dir.path());
    const auto file = disk->open("f", OpenMode::write);
    const auto lock = disk->lock("LOCK");
    REQUIRE(file);
    REQUIRE(lock);
    int own = 0;
    for (int fd = 3; fd < 200; ++fd) {
        const std::string link = "/proc/self/fd/" + std::to_string(fd);
        char target[256] = {};
        if (::readlink(link.c_str(), target, sizeof target - 1) <= 0) continue;
        if (!std::string_view(target).starts_with(dir.path())) continue;
        ++own;
        CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    }
    CHECK(own == 3);
}
