// A folder that goes with its test.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace holdfast::test {

// In memory where the system has such a place: nothing here tests the disk of the machine, and a thousand
// starts with real syncs take minutes on a busy one.
class TempFolder {
  public:
    TempFolder() {
        const std::filesystem::path memory = "/dev/shm";
        const auto where = ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
        auto pattern = (where / "holdfast-test-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) std::abort();
        path_ = pattern;
    }
    ~TempFolder() {
        std::error_code ignored;
        std::filesystem::permissions(path_, std::filesystem::perms(0700), ignored);  // a test may have taken them away
        std::filesystem::remove_all(path_, ignored);
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

}  // namespace holdfast::test
