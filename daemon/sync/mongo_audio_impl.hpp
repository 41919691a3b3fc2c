// Recordings' sound as GridFS files, bucket `audio`: plain documents in audio.chunks and audio.files, written by the sink's own
// means. libmongoc's GridFS is not used (failure matrix, its CVEs). sync/mongo*.cpp only.
#pragma once

#include "store/journal.hpp"
#include "sync/audio.hpp"
#include "sync/mongo_document_impl.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::sync {

inline constexpr const char* k_audio_files = "audio.files";
inline constexpr const char* k_audio_chunks = "audio.chunks";

// What the sink's connection does for it. Trouble goes into the outcome.
class MongoDoor {
  public:
    virtual ~MongoDoor() = default;
    // Each there once: 11000 with the same hash is "there already".
    virtual Outcome insert(const char* collection, std::vector<Document> documents) = 0;
    // The first that fits. None, or trouble: it has no members.
    virtual Bson find_one(const char* collection, const Bson& filter, Bson options, Outcome& outcome) = 0;
    // Its absence costs time and loses nothing (M12). False: nobody was there to be asked.
    virtual bool make_index(const char* collection, const Bson& index) = 0;
};

class MongoAudio : public AudioSink {
  public:
    // `door` outlives it.
    MongoAudio(MongoDoor& door, std::string site_id) : door_(door), site_id_(std::move(site_id)) {}
    const char* name() const override { return "mongodb.audio"; }
    std::string key_of(const store::Change& recording) const override;
    Outcome look(const store::Change& recording, There& there) override;
    Outcome send_chunks(const store::Change& recording, std::int64_t at, const std::string& bytes) override;
    Outcome finish(const store::Change& recording, std::int64_t total, std::int64_t utc_ms) override;

  private:
    void make_indexes();

    MongoDoor& door_;
    const std::string site_id_;
    bool indexes_made_ = false;
};

// The file is named as the recording's document is: one of the two leads to the other.
std::string audio_id(const store::Change& recording, std::string_view site_id);
Document audio_chunk(const std::string& file, std::int64_t number, std::string_view bytes);
Document audio_file(const store::Change& recording, std::string_view site_id, std::int64_t total, std::int64_t utc_ms);

}  // namespace holdfast::sync
