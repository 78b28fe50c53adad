import { useEffect, useState } from 'preact/hooks';
import { pictureTypeOf } from '../data/previews';

interface Props {
  readonly name: string;
  readonly content: ArrayBuffer;
}

/** A picture from memory. A browser runs no script of an SVG that it draws as a picture. */
export function PictureView({ name, content }: Props) {
  const [address, setAddress] = useState<string | null>(null);
  const [isBroken, setBroken] = useState(false);
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([content], { type: pictureTypeOf(name) }));
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [content, name]);
  if (isBroken) return <p class="quiet">The file is not a picture that this browser can draw.</p>;
  if (address === null) return null;
  return <img src={address} alt={name} onError={() => setBroken(true)} />;
}
