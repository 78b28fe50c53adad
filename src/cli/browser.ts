type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Opens addresses in the browser of the person. On Linux without a desktop, as over SSH, no browser
 * is tried: `xdg-open` would start one in the terminal, or fail later without a message.
 */
export function openInBrowser(
  platform: NodeJS.Platform,
  environment: Environment,
): (url: string) => Promise<boolean> {
  return async (url) => {
    if (!hasDesktop(platform, environment)) return false;
    try {
      const { default: open } = await import('open');
      await open(url);
      return true;
    } catch {
      return false;
    }
  };
}

function hasDesktop(platform: NodeJS.Platform, environment: Environment): boolean {
  if (environment['CI'] || environment['SSH_CONNECTION']) return false;
  if (platform === 'darwin' || platform === 'win32') return true;
  return ['DISPLAY', 'WAYLAND_DISPLAY', 'WSL_DISTRO_NAME'].some((name) => environment[name]);
}
