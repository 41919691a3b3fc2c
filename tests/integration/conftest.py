"""What holds for every test of this folder."""
import os

# As the unit of the package does. A killed daemon would leave libmongoc's file of counters in /dev/shm, and the next process that has
# its number would complain of it on stderr.
os.environ["MONGOC_DISABLE_SHM"] = "1"
