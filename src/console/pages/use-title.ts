import { useEffect } from 'preact/hooks';

/** Names the tab after the view. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Nightshift`;
  }, [title]);
}
