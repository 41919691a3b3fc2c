#include "holdfastctl/zip_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

namespace holdfast::ctl {
namespace {

constexpr zip_uint32_t k_member_mode = S_IFREG | 0600;

std::string words_of(int error) { return std::strerror(error); }

std::string folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

bool sync_path(const std::string& path, int flags) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags);
    if (fd < 0) return false;
    const bool good = ::fsync(fd) == 0;
    const int error = errno;
    ::close(fd);
    errno = error;
    return good;
}

// Not all file systems can rename without replacing; on those the look before it has to do.
int rename_unless_there(const std::string& from, const std::string& to) {
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return -1;
    struct stat info {};
    if (::lstat(to.c_str(), &info) == 0) {
        errno = EEXIST;
        return -1;
    }
    return ::rename(from.c_str(), to.c_str());
}

// The times of a ZIP are those of MS-DOS: from 1980, in steps of two seconds.
std::pair<zip_uint16_t, zip_uint16_t> dos_time(std::int64_t utc_ms) {
    const auto seconds = static_cast<std::time_t>(utc_ms / 1000);
    std::tm t{};
    if (::gmtime_r(&seconds, &t) == nullptr || t.tm_year < 80 || t.tm_year > 80 + 127) return {0, (1 << 5) | 1};
    return {static_cast<zip_uint16_t>((t.tm_hour << 11) | (t.tm_min << 5) | (t.tm_sec / 2)),
            static_cast<zip_uint16_t>(((t.tm_year - 80) << 9) | ((t.tm_mon + 1) << 5) | t.tm_mday)};
}

}  // namespace

base::Result<std::unique_ptr<Spool>> Spool::create(const std::string& folder) {
    auto pattern = folder + "/.holdfastctl-XXXXXX";
    const int fd = ::mkostemp(pattern.data(), O_CLOEXEC);
    if (fd < 0) return base::make_error(base::Condition::fatal, "spool", folder + " cannot be written to: " + words_of(errno));
    ::unlink(pattern.c_str());
    std::FILE* const file = ::fdopen(fd, "w+b");
    if (file == nullptr) {
        ::close(fd);
        return base::make_error(base::Condition::fatal, "spool", words_of(errno));
    }
    return std::unique_ptr<Spool>(new Spool(file));
}

base::Result<void> Spool::write(std::string_view bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) {
        return base::make_error(base::Condition::fatal, "spool", "a recording cannot be kept on the disk: " + words_of(errno));
    }
    digest_.update(bytes);
    bytes_ += static_cast<std::int64_t>(bytes.size());
    return {};
}

ZipFile::ZipFile(std::string path, Existing existing)
    : path_(std::move(path)), part_(path_ + ".part"), folder_(folder_of(path_)), existing_(existing) {}

ZipFile::~ZipFile() {
    if (zip_ != nullptr) zip_discard(zip_);
    if (part_is_ours_) ::unlink(part_.c_str());
}

base::Error ZipFile::failed(const std::string& what) const {
    return base::make_error(base::Condition::fatal, "zip", path_ + " cannot be written: " + what);
}

base::Result<std::unique_ptr<ZipFile>> ZipFile::create(const std::string& path, Existing existing) {
    std::unique_ptr<ZipFile> file(new ZipFile(path, existing));
    struct stat info {};
    if (::lstat(path.c_str(), &info) == 0) {
        if (!S_ISREG(info.st_mode)) {
            return base::make_error(base::Condition::reject, "exists", path + " is there and is no plain file");
        }
        if (existing == Existing::refuse) {
            return base::make_error(base::Condition::reject, "exists", path + " is there already; --force replaces it");
        }
    }
    // What a killed run left goes with --force only: it may be one that is going on.
    if (existing == Existing::replace) ::unlink(file->part_.c_str());
    const int fd = ::open(file->part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == EEXIST) {
        return base::make_error(base::Condition::reject, "exists",
                                file->part_ + " is there: another export is going on, or broke off; --force replaces it");
    }
    if (fd < 0) return file->failed(words_of(errno));
    ::close(fd);
    file->part_is_ours_ = true;
    int why = 0;
    file->zip_ = zip_open(file->part_.c_str(), ZIP_TRUNCATE, &why);
    if (file->zip_ != nullptr) return file;
    zip_error_t error;
    zip_error_init_with_code(&error, why);
    const auto words = std::string(zip_error_strerror(&error));
    zip_error_fini(&error);
    return file->failed(words);
}

base::Result<void> ZipFile::put(const std::string& name, zip_source* source) {
    if (source == nullptr) return failed(zip_strerror(zip_));
    const auto index = zip_file_add(zip_, name.c_str(), source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
        zip_source_free(source);
        return failed(zip_strerror(zip_));
    }
    const auto at = static_cast<zip_uint64_t>(index);
    const auto [time, date] = dos_time(utc_ms_);
    if (zip_file_set_dostime(zip_, at, time, date, 0) != 0 ||
        zip_file_set_external_attributes(zip_, at, 0, ZIP_OPSYS_UNIX, k_member_mode << 16) != 0) {
        return failed(zip_strerror(zip_));
    }
    return {};
}

base::Result<void> ZipFile::add(const std::string& name, std::string_view content) {
    // libzip frees it with the source.
    char* const copy = static_cast<char*>(std::malloc(std::max<std::size_t>(content.size(), 1)));
    if (copy == nullptr) return failed("no memory");
    if (!content.empty()) std::memcpy(copy, content.data(), content.size());
    auto* const source = zip_source_buffer(zip_, copy, content.size(), 1);
    if (source == nullptr) std::free(copy);
    return put(name, source);
}

base::Result<void> ZipFile::add(const std::string& name, std::unique_ptr<Spool> content) {
    std::FILE* const file = content->file_.get();
    if (std::fflush(file) != 0 || std::fseek(file, 0, SEEK_SET) != 0) return failed(words_of(errno));
    auto* const source = zip_source_filep(zip_, file, 0, -1);
    if (source != nullptr) static_cast<void>(content->file_.release());  // the source closes it
    return put(name, source);
}

base::Result<void> ZipFile::finish() {
    if (zip_close(zip_) != 0) return failed(zip_strerror(zip_));
    zip_ = nullptr;
    return settle();
}

base::Result<void> ZipFile::settle() const {
    if (!sync_path(part_, 0)) return failed(words_of(errno));
    const bool replace = existing_ == Existing::replace;
    const int renamed = replace ? ::rename(part_.c_str(), path_.c_str()) : rename_unless_there(part_, path_);
    if (renamed != 0 && errno == EEXIST) {
        return base::make_error(base::Condition::reject, "exists", path_ + " has come to be there meanwhile; --force replaces it");
    }
    if (renamed != 0 || !sync_path(folder_, O_DIRECTORY)) return failed(words_of(errno));
    return {};
}

}  // namespace holdfast::ctl
