/** Version 2: what devices say against what they confirmed, downloads, images that were deleted, going back. */
export const STATEMENTS: readonly string[] = [
  // 1: the device has said since what it runs, and that is newer than what it confirmed here.
  "ALTER TABLE installed ADD COLUMN overruled INTEGER NOT NULL DEFAULT 0",
  // said: when the device last told its attributes. asked: 1 where it has to tell them again.
  "ALTER TABLE devices ADD COLUMN said INTEGER NOT NULL DEFAULT 0",
  "ALTER TABLE devices ADD COLUMN asked INTEGER NOT NULL DEFAULT 0",
  // A row stays for the rollouts that name it; its file is gone.
  "ALTER TABLE images ADD COLUMN deleted INTEGER",
  "ALTER TABLE rollouts ADD COLUMN allow_downgrade INTEGER NOT NULL DEFAULT 0",
  // A device that has asked for the last byte of an image. Without a row its success is not believed.
  `CREATE TABLE downloads (device INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE,
     image INTEGER NOT NULL REFERENCES images ON DELETE CASCADE, at INTEGER NOT NULL, PRIMARY KEY (device, image))
     STRICT, WITHOUT ROWID`,
  "CREATE INDEX actions_by_image ON actions (image)",
];
