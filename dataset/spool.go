package dataset

import (
	"bytes"
	"io"
	"os"
)

// spoolMemory is how many bytes of an archive stay in memory.
const spoolMemory = 16 << 20

// spool keeps what an archive unpacks to: in memory while it is little, in a
// temporary file once it is more, so that memory does not grow with the archive.
// After the last Write it may be read from many goroutines.
type spool struct {
	memory []byte
	limit  int      // of memory
	file   *os.File // closed by its finalizer, as the sets that use it have no end
	size   int64
}

func newSpool() *spool { return &spool{limit: spoolMemory} }

func (s *spool) Write(p []byte) (int, error) {
	if s.file == nil && len(s.memory)+len(p) > s.limit {
		f, err := os.CreateTemp("", "isospike-*.spool")
		if err != nil {
			return 0, unwritable(os.TempDir(), err)
		}
		// Without a name it is gone with the process, however that ends. Windows does
		// not let go of the name of an open file: there its Temp folder keeps it.
		_ = os.Remove(f.Name())
		s.file = f
		if _, err := f.Write(s.memory); err != nil {
			return 0, unwritable(f.Name(), err)
		}
		s.memory = nil
	}
	s.size += int64(len(p))
	if s.file == nil {
		s.memory = append(s.memory, p...)
		return len(p), nil
	}
	n, err := s.file.Write(p)
	if err != nil {
		return n, unwritable(s.file.Name(), err)
	}
	return n, nil
}

// section reads n bytes from at on.
func (s *spool) section(at, n int64) io.Reader {
	if s.file == nil {
		return bytes.NewReader(s.memory[at:][:n])
	}
	return io.NewSectionReader(s.file, at, n)
}
