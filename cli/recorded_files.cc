// SPDX-License-Identifier: Apache-2.0
#include "cli/recorded_files.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <map>

#include "cli/graph_files.h"
#include "cli/gzip.h"
#include "workloads/check/judge/recordings.h"

namespace geode::cli {
namespace {

namespace fs = std::filesystem;

/// A file of a folder or archive, before it is known with which others it makes a history.
struct Member {
    std::string name;  ///< within the folder or archive
    bool session_log = false;
    bool empty = false;
};

bool is_hidden(const std::string& name) {
    return name.starts_with('.') || name.find("/.") != std::string::npos;
}

Result<std::string> read_bytes(const std::string& path) {
    if (path != "-") return read_file(path);
    return std::string(std::istreambuf_iterator<char>(std::cin), {});
}

/// The bytes, unpacked if they are gzip.
Result<std::string> plain_bytes(std::string bytes, const std::string& name) {
    if (!is_gzip(bytes)) return bytes;
    return gunzip(bytes, name, unpacked_bytes_max(bytes.size()));
}

Result<std::string> read_plain(const std::string& path) {
    GEODE_TRY(std::string bytes, read_bytes(path));
    return plain_bytes(std::move(bytes), path);
}

/// The members that make a history together, by index; `members` are in the order of their names.
/// The session logs of a folder are one, with the sessions in which nothing happened.
std::vector<std::vector<std::size_t>> group(const std::vector<Member>& members) {
    const auto folder_of = [](const Member& member) {
        return fs::path(member.name).parent_path().string();
    };
    std::map<std::string, std::size_t> logs;  // folder -> its group
    std::vector<std::vector<std::size_t>> groups;
    for (std::size_t index = 0; index < members.size(); ++index) {
        if (!members[index].session_log) continue;
        const auto [found, added] = logs.try_emplace(folder_of(members[index]), groups.size());
        if (added) groups.emplace_back();
        groups[found->second].push_back(index);
    }
    for (std::size_t index = 0; index < members.size(); ++index) {
        if (members[index].session_log) continue;
        if (members[index].empty && logs.contains(folder_of(members[index]))) continue;
        groups.push_back({index});
    }
    std::ranges::sort(groups, {}, [](const auto& indices) { return indices.front(); });
    for (std::vector<std::size_t>& indices : groups) {
        // T2.log before T10.log.
        std::ranges::stable_sort(
            indices, {}, [&members](std::size_t index) { return members[index].name.size(); });
    }
    return groups;
}

/// PATH/MEMBER, or PATH/FOLDER of the logs of sessions.
std::string name_of(const std::string& path, const Member& first) {
    const fs::path inside(first.name);
    // An archive may hold absolute paths.
    const fs::path whole =
        fs::path(path) / (first.session_log ? inside.parent_path() : inside).relative_path();
    std::string name = whole.string();
    while (name.size() > 1 && name.ends_with('/')) name.pop_back();
    return name;
}

Error no_history(const std::string& path) {
    return make_error(ErrorCode::invalid_argument, path + ": expected a history in it");
}

/// `bytes_max`: what the members may come to.
void visit_archive(const std::string& path, const std::string& bytes, std::uint64_t bytes_max,
                   const std::function<void(Result<RecordedFiles>)>& each) {
    Result<std::vector<NamedBytes>> unpacked = unpack_archive(bytes, path, bytes_max);
    if (!unpacked) return each(unpacked.error());
    std::erase_if(*unpacked, [](const NamedBytes& file) { return is_hidden(file.name); });
    std::ranges::sort(*unpacked, {}, &NamedBytes::name);
    std::vector<Member> members;
    for (const NamedBytes& file : *unpacked) {
        members.push_back({file.name, check::is_session_log(file.bytes), file.bytes.empty()});
    }
    if (members.empty()) return each(no_history(path));
    for (const std::vector<std::size_t>& indices : group(members)) {
        RecordedFiles recording{.name = name_of(path, members[indices.front()]), .files = {}};
        for (const std::size_t index : indices) {
            recording.files.push_back({.name = path + "/" + members[index].name,
                                       .bytes = std::move((*unpacked)[index].bytes)});
        }
        each(std::move(recording));
    }
}

Result<RecordedFiles> read_members(const std::string& folder, const std::vector<Member>& members,
                                   const std::vector<std::size_t>& indices) {
    RecordedFiles recording{.name = name_of(folder, members[indices.front()]), .files = {}};
    for (const std::size_t index : indices) {
        const std::string path = (fs::path(folder) / members[index].name).string();
        GEODE_TRY(std::string bytes, read_plain(path));
        recording.files.push_back({.name = path, .bytes = std::move(bytes)});
    }
    return recording;
}

void visit_folder(const std::string& folder,
                  const std::function<void(Result<RecordedFiles>)>& each) {
    std::vector<std::string> names;
    std::error_code failed;
    for (fs::recursive_directory_iterator at(folder, failed), end; !failed && at != end;
         at.increment(failed)) {
        const std::string name = at->path().lexically_relative(folder).string();
        if (at->is_regular_file(failed) && !is_hidden(name)) names.push_back(name);
    }
    if (failed) {
        return each(
            make_error(ErrorCode::io_error, "cannot read " + folder + ": " + failed.message()));
    }
    std::ranges::sort(names);
    std::vector<Member> members;
    for (const std::string& name : names) {
        // One that cannot be read says so when its turn comes.
        const Result<std::string> bytes = read_plain((fs::path(folder) / name).string());
        const bool log = bytes && check::is_session_log(*bytes);
        members.push_back({name, log, bytes && bytes->empty()});
    }
    if (members.empty()) return each(no_history(folder));
    for (const std::vector<std::size_t>& indices : group(members)) {
        each(read_members(folder, members, indices));
    }
}

}  // namespace

std::vector<check::NamedText> texts_of(const RecordedFiles& recording) {
    std::vector<check::NamedText> texts;
    for (const NamedBytes& file : recording.files) {
        texts.push_back({.name = file.name, .bytes = file.bytes});
    }
    return texts;
}

void for_each_recording(const std::string& path,
                        const std::function<void(Result<RecordedFiles>)>& each) {
    std::error_code failed;
    if (path != "-" && fs::is_directory(path, failed)) return visit_folder(path, each);
    Result<std::string> bytes = read_bytes(path);
    const std::uint64_t bytes_max = bytes ? unpacked_bytes_max(bytes->size()) : 0;
    if (bytes) bytes = plain_bytes(*std::move(bytes), path);
    if (!bytes) return each(bytes.error());
    if (is_archive(*bytes)) return visit_archive(path, *bytes, bytes_max, each);
    RecordedFiles recording{.name = path, .files = {}};
    recording.files.push_back({.name = path, .bytes = *std::move(bytes)});
    each(std::move(recording));
}

}  // namespace geode::cli
