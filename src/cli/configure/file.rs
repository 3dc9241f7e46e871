//! Writing a profile's file: whole or not at all.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::Context as _;

/// Puts a text in a file's place at once. A file that was there keeps its mode, a link stays a link;
/// a new file can be read by everyone, since profiles hold no secrets.
pub(in crate::cli) fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    let doing = || format!("write {}", path.display());
    std::fs::create_dir_all(folder).with_context(doing)?;
    let mode = std::fs::metadata(&path).map_or(0o644, |there| there.permissions().mode());
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(doing)?;
    file.write_all(text.as_bytes()).with_context(doing)?;
    file.as_file()
        .set_permissions(std::fs::Permissions::from_mode(mode & 0o777))
        .with_context(doing)?;
    file.as_file().sync_all().with_context(doing)?;
    file.persist(&path).with_context(doing)?;
    Ok(())
}
