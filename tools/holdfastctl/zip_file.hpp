// A ZIP that is whole or not there: written as FILE.part (0600), synced, then given its name. The only door to libzip.
// One thread; everything blocks on the disk.
#pragma once

#include "base/error.hpp"
#include "base/sha256.hpp"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

struct zip;
struct zip_source;

namespace holdfast::ctl {

// What is too large for memory, on the disk until it is part of the ZIP. Has no name: nothing is left of it, whatever happens.
class Spool {
  public:
    static base::Result<std::unique_ptr<Spool>> create(const std::string& folder);

    base::Result<void> write(std::string_view bytes);
    std::int64_t bytes() const { return bytes_; }
    std::string sha256() { return digest_.hex(); }  // once, after the last write()

  private:
    friend class ZipFile;
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    explicit Spool(std::FILE* file) : file_(file) {}

    std::unique_ptr<std::FILE, Close> file_;
    std::int64_t bytes_ = 0;
    base::Sha256Stream digest_;
};

enum class Existing { refuse, replace };

// Errors have a sentence for a person as their detail, with the name of the file.
class ZipFile {
  public:
    // With Existing::replace a file of that name, and what an earlier run left, goes.
    static base::Result<std::unique_ptr<ZipFile>> create(const std::string& path, Existing existing);
    ~ZipFile();  // not finished: nothing is left behind
    ZipFile(const ZipFile&) = delete;
    ZipFile& operator=(const ZipFile&) = delete;

    const std::string& folder() const { return folder_; }  // for spools: where the ZIP has to fit, they fit

    // Members are packed by finish(); a text is kept in memory until then.
    void set_time(std::int64_t utc_ms) { utc_ms_ = utc_ms; }  // of the members that follow; written as UTC
    base::Result<void> add(const std::string& name, std::string_view content);
    base::Result<void> add(const std::string& name, std::unique_ptr<Spool> content);
    base::Result<void> finish();

  private:
    ZipFile(std::string path, Existing existing);
    base::Error failed(const std::string& what) const;
    base::Result<void> put(const std::string& name, zip_source* source);
    base::Result<void> settle() const;  // the packed file, and its name, are on the disk

    const std::string path_, part_, folder_;
    const Existing existing_;
    ::zip* zip_ = nullptr;
    bool part_is_ours_ = false;
    std::int64_t utc_ms_ = 0;
};

}  // namespace holdfast::ctl
